// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "core/foundation/base/encoding.hpp"
#include "core/foundation/base/log.hpp"

using namespace outpost;

TEST_CASE("base64 matches the vectors of RFC 4648 section 10 and decodes strictly") {
    const std::pair<const char*, const char*> vectors[] = {
        {"", ""},
        {"f", "Zg=="},
        {"fo", "Zm8="},
        {"foo", "Zm9v"},
        {"foob", "Zm9vYg=="},
        {"fooba", "Zm9vYmE="},
        {"foobar", "Zm9vYmFy"}
    };
    for (const auto& [plain, encoded] : vectors) {
        CHECK(base64_encode(plain) == encoded);
        CHECK(base64_decode(encoded) == plain);
    }
    for (const char* bad : {"Zg", "Zg=", "Z===", "Zm 9v", "Zm9v\n", "=AAA", "Zg==Zg=="}) {
        CHECK_MESSAGE(!base64_decode(bad), bad);
    }
}

TEST_CASE("UTF-8 is checked as RFC 3629 asks") {
    CHECK(is_utf8("gr\xc3\xbc\xc3\x9f \xf0\x9f\x93\xae"));
    for (const char* bad :
         {"\xc0\xaf", "\xe0\x80\xaf", "\xed\xa0\x80", "\xf5\x80\x80\x80", "\xc3", "\x80"}) {
        CHECK(!is_utf8(bad));
    }
}

TEST_CASE("log text cannot forge a line or drive a terminal") {
    CHECK(log::printable("550 \x1b[2J\r\nfake") == "550 \\x1b[2J\\x0d\\x0afake");
    CHECK(log::printable("gr\xc3\xbcn \xf0\x9f\x93\xae") == "gr\xc3\xbcn \xf0\x9f\x93\xae");
    // An 8-bit CSI, a next line, separators; and octets that would make the log no UTF-8.
    CHECK(
        log::printable("\xc2\x9b"
                       "2J \xc2\x85 \xe2\x80\xa8\xe2\x80\xa9"
        ) == "\\xc2\\x9b2J \\xc2\\x85 \\xe2\\x80\\xa8\\xe2\\x80\\xa9"
    );
    CHECK(log::printable("\xc0\x27 \xff \xc3") == "\\xc0' \\xff \\xc3");
    CHECK(log::printable(std::string("a\0b", 3)) == "a\\x00b");
    // Data stays data: nothing of it is a format or expands.
    CHECK(log::printable("%s%n {} ${jndi:x}") == "%s%n {} ${jndi:x}");
}
