// SPDX-License-Identifier: Apache-2.0
#include "core/net/dns/zone_line.hpp"

#include <doctest/doctest.h>

using outpost::dns::Type;
using outpost::dns::zone_line;

TEST_CASE("a text goes into a zone file in strings of at most 255 octets") {
    const auto txt = [](const std::string& text) {
        return zone_line("a.example.org", Type::txt, text);
    };
    CHECK(txt("short") == "a.example.org. IN TXT \"short\"");
    CHECK(txt("") == "a.example.org. IN TXT \"\"");
    CHECK(
        txt(std::string(300, 'x')) == "a.example.org. IN TXT (\n    \"" + std::string(255, 'x') +
                                          "\"\n    \"" + std::string(45, 'x') + "\" )"
    );
    // Octets are counted as they are published, and an escape is never cut in two.
    CHECK(
        txt(std::string(254, 'x') + "\\\"") ==
        "a.example.org. IN TXT (\n    \"" + std::string(254, 'x') + "\\\\\"\n    \"\\\"\" )"
    );
}

TEST_CASE("other records are written as they are") {
    CHECK(
        zone_line("example.org", Type::mx, "10 mx.example.org.") ==
        "example.org. IN MX 10 mx.example.org."
    );
}
