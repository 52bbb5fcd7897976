// SPDX-License-Identifier: Apache-2.0
#include "core/delivery/interface/retry.hpp"

#include <algorithm>
#include <cmath>

namespace outpost::delivery {

std::chrono::seconds retry_delay(const RetryPolicy& policy, int attempts, double dice) {
    const auto longest = static_cast<double>(policy.longest.count());
    // The power may be infinite after many attempts; the longest delay bounds it before it is cast.
    const double grown = static_cast<double>(policy.first.count()) *
                         std::pow(policy.factor, std::max(attempts, 1) - 1);
    const double varied = std::min(grown, longest) * (1.0 + policy.jitter * (2.0 * dice - 1.0));
    return std::chrono::seconds(std::llround(std::clamp(varied, 1.0, std::max(longest, 1.0))));
}

RetryDecision decide_retry(const RetryPolicy& policy, WallTime submitted, WallTime now) {
    return now - submitted >= policy.give_up_after ? RetryDecision::give_up : RetryDecision::retry;
}

}  // namespace outpost::delivery
