// SPDX-License-Identifier: Apache-2.0
#include "core/reception/submission/rate_limiter.hpp"

namespace outpost::submission {
namespace {

constexpr std::size_t max_keys = 100'000;

}  // namespace

/// Moves on to the window that `now` is in.
void RateLimiter::roll(Counts& counts, SteadyTime now) const {
    const auto passed = now - counts.began;
    if (passed < window_) return;
    counts.previous = passed < 2 * window_ ? counts.current : 0;
    counts.current = 0;
    counts.began = passed < 2 * window_ ? counts.began + window_ : now;
}

void RateLimiter::forget_old(SteadyTime now) {
    std::erase_if(by_key_, [&](const auto& entry) {
        return now - entry.second.began > 2 * window_;
    });
    if (by_key_.size() >= max_keys) by_key_.clear();
}

bool RateLimiter::take(const std::string& key, std::size_t limit, SteadyTime now) {
    if (limit == 0) return true;
    const std::lock_guard lock(mutex_);
    if (by_key_.size() >= max_keys) forget_old(now);
    Counts& counts = by_key_.try_emplace(key, Counts{now}).first->second;
    roll(counts, now);
    const double covered = 1.0 - std::chrono::duration<double>(now - counts.began) / window_;
    if (counts.previous * covered + counts.current + 1 > static_cast<double>(limit)) return false;
    counts.current += 1;
    return true;
}

}  // namespace outpost::submission
