// SPDX-License-Identifier: Apache-2.0
#include "core/domains/records/record.hpp"

#include <doctest/doctest.h>

using namespace outpost;
using namespace outpost::domain_records;

TEST_CASE("a zone file has each record below its reason, said once for neighbours") {
    const Records records{
        {"a.example", dns::Type::mx, "10 b.example.", "Mail goes there"},
        {"a.example", dns::Type::mx, "20 c.example.", "Mail goes there"},
        {"a.example", dns::Type::txt, "v=spf1 -all", "Nobody sends"},
    };
    CHECK(
        zone_text(records) ==
        "; Mail goes there\n"
        "a.example. IN MX 10 b.example.\n"
        "a.example. IN MX 20 c.example.\n"
        "\n"
        "; Nobody sends\n"
        "a.example. IN TXT \"v=spf1 -all\"\n"
    );
}

TEST_CASE("long texts are split, and quotes escaped, in a zone file; not in a table") {
    const std::string text = "a \"quoted\" \\ " + std::string(300, 'x');
    const Records records{{"a.example", dns::Type::txt, text, "Why"}};
    const auto zone = zone_text(records);
    CHECK(zone.find("\"a \\\"quoted\\\" \\\\ xxx") != zone.npos);
    CHECK(zone.find("x\"\n    \"x") != zone.npos);
    CHECK(table_text(records).find(text) != std::string::npos);
}

TEST_CASE("a table has its columns below each other") {
    const Records records{
        {"a.example", dns::Type::a, "192.0.2.1", "One"},
        {"long.a.example", dns::Type::aaaa, "2001:db8::1", "Another"},
    };
    CHECK(
        table_text(records) ==
        "NAME            TYPE   REASON   VALUE\n"
        "a.example       A      One      192.0.2.1\n"
        "long.a.example  AAAA   Another  2001:db8::1\n"
    );
}
