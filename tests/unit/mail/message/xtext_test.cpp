// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "core/foundation/base/encoding.hpp"
#include "core/mail/message/xtext.hpp"

using namespace outpost::mail;

TEST_CASE("xtext is decoded as RFC 3461 section 4 says") {
    const std::pair<const char*, const char*> cases[] = {
        {"", ""},
        {"QQ314159", "QQ314159"},
        {"rfc822;user+2Btag@example.org", "rfc822;user+tag@example.org"},
        {"a+20b+3Dc", "a b=c"},
        {"utf-8;gr\xc3\xbc@example.org", "utf-8;gr\xc3\xbc@example.org"},
        {"utf-8;gr\\x{FC}@example.org", "utf-8;gr\\x{FC}@example.org"},
    };
    for (const auto& [encoded, plain] : cases)
        CHECK(xtext_decode(encoded) == plain);
}

TEST_CASE("xtext that is malformed, or hides what may not stand in a header field, is refused") {
    const std::string nul("a\0b", 3);
    for (const std::string& bad :
         {std::string("+"),
          std::string("+4"),
          std::string("a+0Ab"),
          std::string("a+0D+0Ab"),
          std::string("a+00"),
          std::string("a+0a"),
          std::string("+7F"),
          std::string("+C3+BC"),
          std::string("+85"),
          std::string("+G0"),
          std::string("+2-"),
          std::string("a=b"),
          std::string("a b"),
          std::string("a\rb"),
          std::string("a\nb"),
          nul,
          std::string("a\x85"),
          std::string("a\xc2\x85"),
          std::string("a\xe2\x80\xa8"),
          std::string("a\xc3")}) {
        CHECK_MESSAGE(!xtext_decode(bad), bad);
    }
}

TEST_CASE("encoding yields ASCII that decodes to the same, also for '+' (which others forgot)") {
    for (const char* text :
         {"user+tag@example.org", "a b=c", "rfc822;\"odd user\"@example.org", ""}) {
        CHECK(xtext_decode(xtext_encode(text)) == text);
    }
    CHECK(xtext_encode("user+tag") == "user+2Btag");
    CHECK(
        xtext_encode("utf-8;gr\xc3\xbc@\xe5\x98\x8a.example") == "utf-8;gr\\x{FC}@\\x{560A}.example"
    );
    CHECK(xtext_encode("a\r\nRCPT") == "a+0D+0ARCPT");
    CHECK(outpost::is_ascii(xtext_encode("\xff\xfe\xc3")));
}

TEST_CASE("escaped characters of an internationalized address are read") {
    CHECK(unescape_unicode("\\x{436}\\x{20AC}\\x{1F600}\\x{2B}@a.example") == "ж€😀+@a.example");
    CHECK(unescape_unicode(escape_unicode("Grüße😀")) == "Grüße😀");
    for (const auto* text :
         {"", "\\x{", "\\x{}", "\\x{D800}", "\\x{110000}", "\\x{zz}", "\\x{0000041}", "\\x{41",
          "\\y"})
        CHECK(unescape_unicode(text) == text);
}
