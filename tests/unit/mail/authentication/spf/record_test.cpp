// SPDX-License-Identifier: Apache-2.0
#include "core/mail/authentication/spf/record.hpp"

#include <doctest/doctest.h>

using namespace outpost;
using namespace outpost::spf;

TEST_CASE("a record is told from other TXT records by its version alone") {
    CHECK(is_record("v=spf1"));
    CHECK(is_record("V=SPF1 -all"));
    CHECK_FALSE(is_record("v=spf10 -all"));
    CHECK_FALSE(is_record("v=spf1-all"));
    CHECK_FALSE(is_record(" v=spf1"));
    CHECK_FALSE(is_record(""));
}

TEST_CASE("terms are read with their qualifiers, domains and lengths") {
    const auto record = parse_record(
        "v=spf1  ~a/24//64 mx:mail.example.org/28 ?ip6:2001:db8::/32 -ip4:192.0.2.7 "
        "include:%{d2}._spf.example.net ptr moderate=%{l} redirect=example.com exp=why.%{d}"
    );
    REQUIRE(record);
    const auto& terms = record->directives;
    REQUIRE(terms.size() == 6);
    CHECK(terms[0].mechanism == Mechanism::a);
    CHECK(terms[0].qualifier == Qualifier::softfail);
    CHECK(terms[0].v4_prefix == 24);
    CHECK(terms[0].v6_prefix == 64);
    CHECK(terms[0].domain_spec.empty());
    CHECK(terms[1].domain_spec == "mail.example.org");
    CHECK(terms[1].v4_prefix == 28);
    CHECK(terms[1].v6_prefix == 128);
    CHECK(terms[2].qualifier == Qualifier::neutral);
    CHECK(terms[2].network.to_string() == "2001:db8::");
    CHECK(terms[2].v6_prefix == 32);
    CHECK(terms[3].qualifier == Qualifier::fail);
    CHECK(terms[3].text == "-ip4:192.0.2.7");
    CHECK(terms[4].domain_spec == "%{d2}._spf.example.net");
    CHECK(terms[5].mechanism == Mechanism::ptr);
    CHECK(record->redirect == "example.com");
    CHECK(record->explanation == "why.%{d}");
}

TEST_CASE("a length may stand behind a macro that has a slash of its own") {
    const auto record = parse_record("v=spf1 a:%{l/}.example.org/8 a:%{l1r/}//9");
    REQUIRE(record);
    CHECK(record->directives[0].domain_spec == "%{l/}.example.org");
    CHECK(record->directives[0].v4_prefix == 8);
    CHECK(record->directives[1].domain_spec == "%{l1r/}");
    CHECK(record->directives[1].v6_prefix == 9);
}

TEST_CASE("whatever is wrong makes the whole record wrong") {
    for (const char* terms :
         {"alll",
          "-",
          "all:example.org",
          "all/8",
          "include",
          "include:",
          "include:localhost",
          "include:a.example/24",
          "exists",
          "a:",
          "a/33",
          "a/024",
          "a//129",
          "a/24/24",
          "a:b.c//",
          "ip4",
          "ip4:",
          "ip4:192.0.2",
          "ip4:192.0.2.1/33",
          "ip4:192.0.2.1/",
          "ip4:2001:db8::1",
          "ip6:192.0.2.1",
          "ip6:2001:db8::/129",
          "ip6:fe80::1%1",
          "redirect=",
          "redirect=com",
          "redirect=a.example redirect=b.example",
          "exp=a.example exp=b.example",
          "a:b.123",
          "exists:%{z}.example",
          "exists:%{d",
          "exists:%{d0}",
          "exists:%(d)",
          "exists:%",
          "odd=%{q}",
          "+-all",
          "a:ex\xc3\xa4mple.org",
          "mx\tall"}) {
        CAPTURE(terms);
        CHECK_FALSE(parse_record(std::string("v=spf1 ") + terms));
    }
}
