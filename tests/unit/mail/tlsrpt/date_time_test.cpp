// SPDX-License-Identifier: Apache-2.0
#include "core/mail/tlsrpt/date_time.hpp"

#include <doctest/doctest.h>

using namespace outpost::tlsrpt;
using namespace std::chrono;

namespace {

const auto noon = sys_days(year(2026) / 11 / 26) + hours(12);

}  // namespace

TEST_CASE("date-times are written in UTC to the second") {
    CHECK(date_time(noon + milliseconds(900)) == "2026-11-26T12:00:00Z");
}

TEST_CASE("date-times are read in any zone, and in UTC without one") {
    for (const char* text :
         {"2026-11-26T12:00:00Z", "2026-11-26t12:00:00z", "2026-11-26T12:00:00",
          "2026-11-26 12:00:00Z", "2026-11-26T12:00:00.999Z", "2026-11-26T12:00:00.1234567",
          "2026-11-26T14:30:00+02:30", "2026-11-25T23:00:00-13:00", "2026-11-26T11:59:60Z"}) {
        CAPTURE(text);
        const auto at = parse_date_time(text);
        REQUIRE(at);
        CHECK(*at == noon);
    }
}

TEST_CASE("what is no date-time is not read") {
    for (const char* text :
         {"", "2026-11-26", "2026-11-26T12:00", "2026-02-30T12:00:00Z", "2026-13-01T12:00:00Z",
          "2026-00-01T12:00:00Z", "2026-11-26T24:00:00Z", "2026-11-26T12:60:00Z",
          "2026-11-26T12:00:61Z", "2026-11-26T12:00:00X", "2026-11-26T12:00:00+0100",
          "2026-11-26T12:00:00+24:00", "2026-11-26T12:00:00Zx", "-026-11-26T12:00:00Z",
          "1970-12-31T23:59:59Z", "2201-01-01T00:00:00Z", "4052-11-25T00:00:00Z",
          "2026/11/26T12:00:00Z", "2026-11-26T12:00:00 01:00"}) {
        CAPTURE(text);
        CHECK_FALSE(parse_date_time(text));
    }
}
