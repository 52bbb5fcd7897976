// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "core/mail/message/header.hpp"
#include "core/mail/message/trace.hpp"

using namespace outpost;
using namespace outpost::mail;

namespace {

ReceivedFacts example() {
    ReceivedFacts facts;
    facts.helo = "client.example.org";
    facts.client_name = "host.example.net";
    facts.client_ip = "192.0.2.7";
    facts.by = "mail.example.com";
    facts.protocol = "ESMTPS";
    facts.id = "4711";
    facts.tls = "TLSv1.3 with TLS_AES_256_GCM_SHA384";
    facts.for_recipient = "user@example.net";
    facts.at = WallTime(std::chrono::seconds(1795440941));
    return facts;
}

}  // namespace

TEST_CASE("dates are those of RFC 5322, in UTC") {
    CHECK(rfc5322_date(WallTime{}) == "Thu, 1 Jan 1970 00:00:00 +0000");
    CHECK(
        rfc5322_date(WallTime(std::chrono::seconds(1795440941))) ==
        "Mon, 23 Nov 2026 13:35:41 +0000"
    );
    CHECK(
        rfc5322_date(WallTime(std::chrono::milliseconds(-1))) == "Wed, 31 Dec 1969 23:59:59 +0000"
    );
}

TEST_CASE("a Received field says what RFC 5321 section 4.4 asks, in lines that fit") {
    CHECK(
        received_field(example()) ==
        "Received: from client.example.org (host.example.net [192.0.2.7])\r\n"
        " by mail.example.com with ESMTPS (TLSv1.3 with TLS_AES_256_GCM_SHA384)\r\n"
        " id 4711 for <user@example.net>; Mon, 23 Nov 2026 13:35:41 +0000\r\n"
    );
}

TEST_CASE("optional clauses") {
    auto facts = example();
    facts.requiretls = true;
    facts.account = "alice";
    facts.client_ip = "2001:db8::1";
    facts.client_name.clear();
    const auto field = received_field(facts);
    CHECK(field.find("([IPv6:2001:db8::1])") != std::string::npos);
    CHECK(field.find("(authenticated as alice)") != std::string::npos);
    CHECK(find_field(field, "Received")->value().find("(requiretls) id 4711") != std::string::npos);

    ReceivedFacts local;
    local.by = "mail.example.com";
    local.protocol = "SQL";
    local.id = "12";
    local.at = WallTime{};
    CHECK(
        received_field(local) ==
        "Received: by mail.example.com with SQL id 12; Thu, 1 Jan 1970 00:00:00 +0000\r\n"
    );
}

TEST_CASE("a stranger's text can neither end the field nor add another") {
    for (const std::string& evil :
         {std::string("a\n\tb"), std::string("x\ny.example"),
          std::string("a\r\nBcc: v@example.org"), std::string("a) (b"), std::string("a\0b", 3),
          std::string("a;b \\"), std::string("\xc2\x85\xe2\x80\xa8"), std::string("\xff\xfe"),
          std::string("a<b>c\"d"), std::string(100'000, 'a')}) {
        auto facts = example();
        facts.helo = facts.client_name = facts.account = facts.for_recipient = facts.tls = evil;
        facts.client_ip = facts.by = facts.protocol = facts.id = evil;
        const auto field = received_field(facts);
        const Header fields(field);
        REQUIRE(fields.field_count() == 1);
        CHECK(fields.field(0).whole == field);
        CHECK(field.size() < 4000);
        for (const char c : field) {
            const bool printable = (c >= ' ' && c < 0x7f) || c == '\r' || c == '\n';
            CHECK(printable);
        }
    }
}

TEST_CASE("UTF-8 recipients are shown where the message is UTF-8 anyway") {
    auto facts = example();
    facts.for_recipient = "gr\xc3\xbc@example.org";
    CHECK(received_field(facts).find("<gr?@example.org>") != std::string::npos);
    facts.protocol = "UTF8SMTPS";
    CHECK(received_field(facts).find("<gr\xc3\xbc@example.org>") != std::string::npos);
}

TEST_CASE("message ids are unique and in single brackets") {
    const auto first = make_message_id("mail.example.org"),
               second = make_message_id("mail.example.org");
    CHECK(first != second);
    CHECK(first.starts_with('<'));
    CHECK(first.ends_with("@mail.example.org>"));
    CHECK(first.find('<', 1) == std::string::npos);
    CHECK(make_message_id("a\r\nb>").ends_with("@a??b?>"));
}
