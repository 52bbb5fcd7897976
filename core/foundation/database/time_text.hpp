// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "core/foundation/base/clock.hpp"

/// timestamptz values as PostgreSQL writes them: sessions run with TimeZone UTC and DateStyle ISO.
namespace outpost::db {

/// "2026-11-23 14:45:04.000123+00"
std::string format_time(WallTime time);
/// Throws Error when the text is no such time (PostgreSQL's "infinity" is none either).
WallTime parse_time(std::string_view text);
/// PostgreSQL's binary form: microseconds since 2000-01-01.
std::int64_t binary_time(WallTime time);

}  // namespace outpost::db
