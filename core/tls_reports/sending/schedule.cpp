// SPDX-License-Identifier: Apache-2.0
#include "core/tls_reports/sending/schedule.hpp"

#include <algorithm>

#include "core/delivery/interface/retry.hpp"

namespace outpost::tls_reports {

using namespace std::chrono_literals;

std::vector<WallTime> start_times(std::size_t reports, WallTime now, double dice) {
    constexpr std::chrono::seconds first_pause = 4min, jitter = 2min;
    constexpr std::chrono::milliseconds most = 5min, altogether = 4h;
    using std::chrono::duration_cast, std::chrono::milliseconds;
    const auto wait =
        duration_cast<milliseconds>(std::chrono::duration<double>(first_pause + jitter * dice));
    const auto step =
        std::min(most, altogether / static_cast<std::int64_t>(std::max<std::size_t>(reports, 1)));
    std::vector<WallTime> times;
    for (std::size_t n = 0; n < reports; ++n)
        times.push_back(now + wait + step * static_cast<std::int64_t>(n));
    return times;
}

std::chrono::seconds pause_after(int attempts, double dice) {
    return delivery::retry_delay({}, attempts, dice);
}

}  // namespace outpost::tls_reports
