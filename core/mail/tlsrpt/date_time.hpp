// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "core/foundation/base/clock.hpp"

namespace outpost::tlsrpt {

/// An RFC 3339 date-time in UTC, to the second: "2026-11-26T00:00:00Z".
std::string date_time(WallTime at);
/// Reads any RFC 3339 date-time, and one without a zone as UTC: Microsoft's reports have such.
/// Fractions of a second are dropped. Years 1971 to 2200.
std::optional<WallTime> parse_date_time(std::string_view text);

}  // namespace outpost::tlsrpt
