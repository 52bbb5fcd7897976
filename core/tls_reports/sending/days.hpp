// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace outpost::tls_reports {

/// Days travel to the database as numbers, from 1970-01-01.
inline std::chrono::sys_days day_at(std::int64_t number) {
    return std::chrono::sys_days(std::chrono::days(number));
}
inline std::int32_t number_of(std::chrono::sys_days day) {
    return static_cast<std::int32_t>(day.time_since_epoch().count());
}

/// "2026-11-25".
std::string text(std::chrono::sys_days day);
std::optional<std::chrono::sys_days> parse_day(std::string_view text);

}  // namespace outpost::tls_reports
