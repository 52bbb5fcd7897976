// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "core/net/dns/domain.hpp"

using namespace outpost::dns;

TEST_CASE("domains are held as lower-case A-labels") {
    const std::pair<const char*, const char*> cases[] = {
        {"Example.ORG", "example.org"},
        {"example.org.", "example.org"},
        {"localhost", "localhost"},
        {"_dmarc.mx_1.example.org", "_dmarc.mx_1.example.org"},
        {"r3---sn-4g5e.example", "r3---sn-4g5e.example"},
        {"m\xc3\xbcnchen.example", "xn--mnchen-3ya.example"},
        {"M\xc3\x9cNCHEN.example", "xn--mnchen-3ya.example"},
        {"mu\xcc\x88nchen.example", "xn--mnchen-3ya.example"},
        // Non-transitional: sharp s is itself, not "ss".
        {"stra\xc3\x9f"
         "e.example",
         "xn--strae-oqa.example"},
        // The low octet of U+560A is LF: no truncation may make it one.
        {"\xe5\x98\x8a.example", "xn--x4r.example"},
        // The ideographic full stop separates labels (UTS 46).
        {"b\xc3\xbc"
         "cher\xe3\x80\x82"
         "example",
         "xn--bcher-kva.example"},
    };
    for (const auto& [text, ascii] : cases) {
        const auto domain = Domain::parse(text);
        REQUIRE_MESSAGE(domain, text << ": " << (domain ? "" : domain.error()));
        CHECK(domain->ascii() == ascii);
    }
}

TEST_CASE("what is no domain is refused with a reason") {
    const std::string nul("exa\0mple.org", 12);
    for (const std::string& bad :
         {std::string(),
          std::string("."),
          std::string("a..b"),
          std::string(".a"),
          std::string("a.."),
          std::string("-a.org"),
          std::string("a-.org"),
          std::string("a b.org"),
          std::string("a\r\n.org"),
          nul,
          std::string("a/b"),
          std::string("a@b"),
          std::string("a;b"),
          std::string("${run{id}}"),
          std::string("127.0.0.1"),
          std::string("1.2.3"),
          std::string("127.1"),
          std::string("a.\xff"),
          std::string("a\xc2\x85.org"),
          std::string("a\xe2\x80\xa8.org"),
          std::string(64, 'a'),
          std::string(63, 'a') + '.' + std::string(63, 'b') + '.' + std::string(63, 'c') + '.' +
              std::string(62, 'd'),
          std::string(1'000'000, 'a'),
          std::string("'); drop table queue; --")}) {
        const auto domain = Domain::parse(bad);
        CHECK_MESSAGE(!domain, bad.substr(0, 40));
        if (!domain) CHECK(domain.error().find('\n') == std::string::npos);
    }
    CHECK(Domain::parse(std::string(63, 'a') + ".example"));
}

TEST_CASE("U-labels are shown only where they stand for that very name") {
    const std::pair<const char*, const char*> cases[] = {
        {"xn--mnchen-3ya.example", "m\xc3\xbcnchen.example"},
        {"example.org", "example.org"},
        {"xn--zzzzzzzzzzzzz99999.example", "xn--zzzzzzzzzzzzz99999.example"},
        {"xn--a.example", "xn--a.example"},
    };
    for (const auto& [ascii, shown] : cases) {
        const auto domain = Domain::parse(ascii);
        REQUIRE_MESSAGE(domain, ascii);
        CHECK(domain->unicode() == shown);
    }
}

TEST_CASE("is_below means strict subdomains, at label borders") {
    const auto below = [](const char* name, const char* parent) {
        return Domain::parse(name)->is_below(*Domain::parse(parent));
    };
    CHECK(below("a.example.org", "example.org"));
    CHECK(below("a.b.example.org", "example.org"));
    CHECK_FALSE(below("example.org", "example.org"));
    CHECK_FALSE(below("badexample.org", "example.org"));
    CHECK_FALSE(Domain::parse("example.org")->is_below(Domain()));
}
