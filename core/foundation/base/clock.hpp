// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>

namespace outpost {

/// Time of day: for what people and other servers see (Date headers, retry times in SQL).
using WallClock = std::chrono::system_clock;
using WallTime = WallClock::time_point;
/// Never jumps: for timeouts, leases and measurements.
using SteadyClock = std::chrono::steady_clock;
using SteadyTime = SteadyClock::time_point;
using Duration = std::chrono::steady_clock::duration;

}  // namespace outpost
