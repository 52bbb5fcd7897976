// SPDX-License-Identifier: Apache-2.0
#include "core/tls_reports/sending/schedule.hpp"

#include <doctest/doctest.h>

#include "core/tls_reports/sending/days.hpp"

using namespace outpost;
using namespace outpost::tls_reports;
using namespace std::chrono_literals;

namespace {

const WallTime now = std::chrono::sys_days{std::chrono::November / 26 / 2026} + 10s;

}  // namespace

TEST_CASE("the first report is made 4 to 6 minutes later, at a time nobody foresees") {
    CHECK(start_times(1, now, 0.0) == std::vector<WallTime>{now + 4min});
    CHECK(start_times(1, now, 0.5) == std::vector<WallTime>{now + 5min});
    CHECK(start_times(1, now, 1.0) == std::vector<WallTime>{now + 6min});
    CHECK(start_times(0, now, 0.0).empty());
}

TEST_CASE("few reports are 5 minutes apart, many are spread over 4 hours") {
    const auto few = start_times(3, now, 0.0);
    CHECK(few[1] - few[0] == 5min);
    CHECK(few[2] - few[1] == 5min);
    const auto many = start_times(10'000, now, 0.0);
    CHECK(many[1] - many[0] == 1440ms);
    CHECK(many.back() - now < 4h + 4min);
}

TEST_CASE("pauses grow from minutes to hours") {
    CHECK(pause_after(1, 0.5) == 5min);
    CHECK(pause_after(2, 0.5) == 10min);
    CHECK(pause_after(20, 0.5) == 4h);
}

TEST_CASE("days are written and read") {
    const auto day = std::chrono::sys_days(std::chrono::February / 28 / 2024);
    CHECK(text(day) == "2024-02-28");
    CHECK(parse_day("2024-02-29") == day + std::chrono::days(1));
    CHECK(day_at(number_of(day)) == day);
    for (const char* wrong :
         {"", "2023-02-29", "2024-2-28", "2024-02-28 ", "2024/02/28", "1950-01-01", "2024-0a-01"}) {
        CAPTURE(wrong);
        CHECK_FALSE(parse_day(wrong));
    }
}
