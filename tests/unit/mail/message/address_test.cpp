// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "core/mail/message/address.hpp"

using namespace outpost::mail;

TEST_CASE("addresses are parsed, and written for the wire and for people") {
    struct Case {
        const char *text, *local, *wire, *unicode;
    };
    const Case cases[] = {
        {"User@Example.ORG", "User", "User@example.org", "User@example.org"},
        {"a.b+c=d@example.org", "a.b+c=d", "a.b+c=d@example.org", "a.b+c=d@example.org"},
        {"\"simple\"@example.org", "simple", "simple@example.org", "simple@example.org"},
        {"\"a\\b\"@example.org", "ab", "ab@example.org", "ab@example.org"},
        {"\"two words\"@example.org", "two words", "\"two words\"@example.org",
         "\"two words\"@example.org"},
        {"\"a@b> \\\" \\\\\"@example.org", "a@b> \" \\", "\"a@b> \\\" \\\\\"@example.org",
         "\"a@b> \\\" \\\\\"@example.org"},
        {"\"a..b\"@example.org", "a..b", "\"a..b\"@example.org", "\"a..b\"@example.org"},
        {"u@m\xc3\xbcnchen.example", "u", "u@xn--mnchen-3ya.example", "u@m\xc3\xbcnchen.example"},
        {"gr\xc3\xbc\xc3\x9f@example.org", "gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f@example.org",
         "gr\xc3\xbc\xc3\x9f@example.org"},
        {"u@[192.0.2.1]", "u", "u@[192.0.2.1]", "u@[192.0.2.1]"},
        {"u@[ipv6:2001:DB8:0::1]", "u", "u@[IPv6:2001:db8::1]", "u@[IPv6:2001:db8::1]"},
        // Data is data: nothing expands, and quotes of other languages are plain characters.
        {"../../x@example.org", nullptr, nullptr, nullptr},
        {"$HOME`id`{x}@example.org", "$HOME`id`{x}", "$HOME`id`{x}@example.org",
         "$HOME`id`{x}@example.org"},
        {"o'brien@example.org", "o'brien", "o'brien@example.org", "o'brien@example.org"},
        {"\"'); drop table queue; --\"@example.org", "'); drop table queue; --",
         "\"'); drop table queue; --\"@example.org", "\"'); drop table queue; --\"@example.org"},
        {"$$@example.org", "$$", "$$@example.org", "$$@example.org"},
        {"\"E'\\\\'\"@example.org", "E'\\'", "\"E'\\\\'\"@example.org", "\"E'\\\\'\"@example.org"},
        {"${run{id}}@example.org", "${run{id}}", "${run{id}}@example.org", "${run{id}}@example.org"
        },
        // U+560A and U+010D end in the octets of LF and CR.
        {"\xe5\x98\x8a\xc4\x8d@example.org", "\xe5\x98\x8a\xc4\x8d",
         "\xe5\x98\x8a\xc4\x8d@example.org", "\xe5\x98\x8a\xc4\x8d@example.org"},
    };
    for (const auto& test : cases) {
        const auto address = Address::parse(test.text);
        if (test.local == nullptr) {
            CHECK_MESSAGE(!address, test.text);
            continue;
        }
        REQUIRE_MESSAGE(address, test.text << ": " << (address ? "" : address.error()));
        CHECK(address->local() == test.local);
        CHECK(address->wire() == test.wire);
        CHECK(address->unicode() == test.unicode);
        CHECK(*Address::parse(address->wire()) == *address);
        CHECK_FALSE(address->is_null());
    }
}

TEST_CASE("nothing that is no address gets through, wherever the odd octet stands") {
    for (const std::string& injected :
         {std::string("\r"), std::string("\n"), std::string("\r\n"), std::string(1, '\0'),
          std::string("\x7f"), std::string("\x85"), std::string("\xc2\x85"),
          std::string("\xe2\x80\xa8"), std::string("\xc0\x8a"), std::string("\xc0\x27")}) {
        for (const std::string& bad :
             {"a" + injected + "RCPT TO:<x>@example.org", "\"a" + injected + "b\"@example.org",
              "\"a\\" + injected + "b\"@example.org", "a@exam" + injected + "ple.org",
              "a@[192.0.2.1" + injected + "]", "a@example.org" + injected,
              injected + "a@example.org"}) {
            CHECK_MESSAGE(!Address::parse(bad), bad);
        }
    }
}

TEST_CASE("malformed addresses are refused with a sentence") {
    for (const std::string& bad :
         {std::string(),
          std::string("@"),
          std::string("a"),
          std::string("a@"),
          std::string("@b"),
          std::string("\"\"@example.org"),
          std::string("a@b@c"),
          std::string("a b@example.org"),
          std::string(".a@example.org"),
          std::string("a.@example.org"),
          std::string("a..b@example.org"),
          std::string("<a@example.org>"),
          std::string("a@<example.org>"),
          std::string("\"a@example.org"),
          std::string("\"a\"b@example.org"),
          std::string("\"a\\"),
          std::string("\""),
          std::string("a@1.2.3.4"),
          std::string("a@[1.2.3]"),
          std::string("a@[1.2.3.4"),
          std::string("a@[]"),
          std::string("a@["),
          std::string("a@[IPv6:]"),
          std::string("a@[IPv6:fe80::1%eth0]"),
          std::string("a@[2001:db8::1]"),
          std::string("a@[x-tag:1]"),
          std::string("a,b@example.org"),
          std::string("a(b)@example.org"),
          std::string("${run{id}}@exa mple"),
          std::string(300, 'a') + "@example.org",
          std::string(65536, '.') + "@b",
          std::string(1'000'000, '(')}) {
        const auto address = Address::parse(bad);
        CHECK_MESSAGE(!address, bad.substr(0, 60));
        if (!address) CHECK(address.error().size() < 400);
    }
}

TEST_CASE("the null reverse-path and SMTPUTF8") {
    CHECK(Address().is_null());
    CHECK(Address().wire().empty());
    CHECK(Address::parse("gr\xc3\xbc@example.org")->needs_smtputf8());
    CHECK_FALSE(Address::parse("a@m\xc3\xbcnchen.example")->needs_smtputf8());
}
