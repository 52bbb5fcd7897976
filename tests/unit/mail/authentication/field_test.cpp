// SPDX-License-Identifier: Apache-2.0
#include "core/mail/authentication/field.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace outpost;
using namespace outpost::authentication;
using dns::Security;

namespace {

dns::Domain domain(std::string_view text) {
    return dns::Domain::parse(text).value();
}

Verdicts verdicts() {
    Verdicts verdicts;
    verdicts.iprev.status = IprevStatus::pass;
    verdicts.iprev.address = asio::ip::make_address("192.0.2.25");
    verdicts.iprev.name = "out.shop.example";
    verdicts.iprev.security = Security::insecure;
    verdicts.helo.identity = spf::Identity::helo;
    verdicts.helo.domain = "out.shop.example";
    verdicts.helo.reason = "out.shop.example publishes no SPF record";
    verdicts.mail_from.emplace();
    verdicts.mail_from->status = spf::Status::pass;
    verdicts.mail_from->domain = "shop.example";
    verdicts.mail_from->mechanism = "mx";
    verdicts.mail_from->security = Security::secure;
    auto& signature = verdicts.dkim.emplace_back();
    signature.status = dkim::Status::pass;
    signature.key_bits = 2048;
    signature.key_security = Security::secure;
    signature.signature.emplace();
    signature.signature->domain = domain("shop.example");
    signature.signature->selector = "s1";
    signature.signature->value = "\xff\xff\xff\xff\xff\xff\xff\xff";
    verdicts.dmarc.status = DmarcStatus::pass;
    verdicts.dmarc.from = domain("shop.example");
    verdicts.dmarc.policy = DmarcPolicy::reject;
    verdicts.dmarc.security = Security::secure;
    return verdicts;
}

/// Folded lines may only begin with white space: any other would be a field of its own.
bool is_one_field(const std::string& text) {
    if (!text.ends_with("\r\n")) return false;
    for (std::size_t i = 0; i + 2 < text.size(); ++i) {
        const bool breaks = text[i] == '\r' || text[i] == '\n';
        if (!breaks) continue;
        if (text.compare(i, 3, "\r\n ") != 0) return false;
        i += 2;
    }
    return std::all_of(text.begin(), text.end(), [](char c) {
        return c == '\r' || c == '\n' || (c >= ' ' && c <= '~');
    });
}

}  // namespace

TEST_CASE("each method stands on lines of its own, with its DNSSEC status") {
    CHECK(
        results_field("mx.example.org", verdicts()) ==
        "Authentication-Results: mx.example.org;\r\n"
        " iprev=pass policy.iprev=192.0.2.25 (dnssec: insecure; out.shop.example);\r\n"
        " spf=none smtp.helo=out.shop.example\r\n"
        " (dnssec: indeterminate; out.shop.example publishes no SPF record);\r\n"
        " spf=pass smtp.mailfrom=shop.example (dnssec: secure; mx);\r\n"
        " dkim=pass header.d=shop.example header.s=s1 header.a=rsa-sha256\r\n"
        " header.b=\"////////\" (dnssec: secure; 2048 bits);\r\n"
        " dmarc=pass header.from=shop.example policy.dmarc=reject (dnssec: secure)\r\n"
    );
}

TEST_CASE("a message without signatures and with the null reverse-path says so by what is there") {
    auto some = verdicts();
    some.mail_from.reset();
    some.dkim.clear();
    const auto field = results_field("mx.example.org", some);
    CHECK(field.find("smtp.mailfrom") == std::string::npos);
    CHECK(field.find(";\r\n dkim=none;\r\n") != std::string::npos);
}

TEST_CASE("addresses with colons are quoted") {
    auto some = verdicts();
    some.iprev.address = asio::ip::make_address("2001:db8::1");
    CHECK(
        results_field("mx.example.org", some).find("policy.iprev=\"2001:db8::1\" ") !=
        std::string::npos
    );
}

TEST_CASE("nothing that strangers say ends a line, a comment or a result") {
    auto some = verdicts();
    const std::string evil = "x); dmarc=pass\r\nX-Evil: (\"\\\xff\xc3\xa9\n y";
    some.iprev.name = evil;
    some.helo.reason = evil;
    some.helo.domain = evil;
    some.mail_from->mechanism = evil;
    some.mail_from->status = spf::Status::fail;
    some.dkim[0].status = dkim::Status::permerror;
    some.dkim[0].reason = std::string(5000, ')');
    some.dkim[0].signature->selector = evil;
    some.dmarc.status = DmarcStatus::fail;
    some.dmarc.reason = evil;
    const auto field = results_field("mx.example.org", some);
    CAPTURE(field);
    CHECK(is_one_field(field));
    CHECK(field.size() < 3000);
    // Outside of comments and quoted-strings there is one DMARC result: ours.
    std::string bare;
    bool quoted = false, comment = false;
    for (std::size_t i = 0; i < field.size(); ++i) {
        const char c = field[i];
        if (quoted && c == '\\') {
            ++i;
        } else if (c == '"' && !comment) {
            quoted = !quoted;
        } else if (c == '(' && !quoted) {
            CHECK_FALSE(comment);
            comment = true;
        } else if (c == ')' && !quoted) {
            CHECK(comment);
            comment = false;
        } else if (!quoted && !comment) {
            bare += c;
        }
    }
    CHECK_FALSE(quoted);
    CHECK_FALSE(comment);
    CHECK(bare.find("dmarc=pass") == std::string::npos);
    CHECK(bare.find("dmarc=fail") != std::string::npos);
}

TEST_CASE("of very many signatures ten are shown") {
    auto some = verdicts();
    some.dkim.resize(5000);
    const auto field = results_field("mx.example.org", some);
    std::size_t count = 0;
    for (auto at = field.find(" dkim="); at != std::string::npos; at = field.find(" dkim=", at + 1))
        ++count;
    CHECK(count == 10);
}

namespace {

std::string without_forged_results(std::string section, std::string_view authserv_id) {
    mail::Header header(std::move(section));
    erase_forged_results(header, authserv_id);
    return std::move(header).str();
}

}  // namespace

TEST_CASE("results that claim to be ours are taken out, others stay") {
    const std::string ours = "Authentication-Results: mx.example.org; spf=pass\r\n";
    const std::string hidden =
        "AUTHENTICATION-RESULTS: (a\r\n comment)\r\n \"mx.ex\\ample.ORG\" 1; spf=pass\r\n";
    const std::string other = "Authentication-Results: relay.example.net; spf=pass\r\n";
    const std::string rest = "Subject: mx.example.org\r\n\r\n";
    CHECK(without_forged_results(ours + other + hidden + rest, "mx.example.org") == other + rest);
    CHECK(without_forged_results(rest, "mx.example.org") == rest);
    CHECK(without_forged_results("", "mx.example.org").empty());
}
