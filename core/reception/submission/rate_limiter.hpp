// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <mutex>
#include <string>
#include <unordered_map>

#include "core/foundation/base/clock.hpp"

namespace outpost::submission {

/// Counts events by key over a sliding window: of the window before, the part counts that the
/// sliding one still covers. Bounded in memory. Thread-safe.
class RateLimiter {
  public:
    explicit RateLimiter(Duration window) : window_(window) {}

    /// Counts one event unless `limit` would be exceeded, and says whether it did. 0: no limit.
    bool take(const std::string& key, std::size_t limit, SteadyTime now = SteadyClock::now());

  private:
    struct Counts {
        SteadyTime began{};
        double previous = 0, current = 0;
    };
    void roll(Counts& counts, SteadyTime now) const;
    void forget_old(SteadyTime now);

    const Duration window_;
    std::mutex mutex_;
    std::unordered_map<std::string, Counts> by_key_;
};

}  // namespace outpost::submission
