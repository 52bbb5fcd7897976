// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>

#include "core/foundation/base/clock.hpp"

namespace outpost::delivery {

/// When to try again, when to warn, when to give up.
struct RetryPolicy {
    std::chrono::seconds first{300};         ///< delay after the first failed attempt
    double factor = 2.0;                     ///< growth of the delay from attempt to attempt
    std::chrono::seconds longest{4 * 3600};  ///< no delay is longer
    double jitter = 0.1;                     ///< each delay is varied by up to this part, both ways
    std::chrono::seconds give_up_after{5 * 24 * 3600};  ///< since submission
    std::chrono::seconds warn_after{4 * 3600};          ///< delay DSN; zero: never
    /// After an attempt that ended with the final dot sent and no reply (RFC 5321
    /// section 4.5.3.2.6).
    std::chrono::seconds uncertain{600};
};

/// The delay before the next attempt. `attempts` counts those made, from 1; `dice` is in [0, 1).
std::chrono::seconds retry_delay(const RetryPolicy& policy, int attempts, double dice);

enum class RetryDecision { retry, give_up };
/// Whether a message submitted at `submitted` that failed temporarily at `now` is tried again.
RetryDecision decide_retry(const RetryPolicy& policy, WallTime submitted, WallTime now);

}  // namespace outpost::delivery
