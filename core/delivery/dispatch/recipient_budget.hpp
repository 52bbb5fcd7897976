// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <atomic>
#include <cstddef>

namespace outpost::dispatch {

/// How many recipients this node holds: reserved, waiting or in flight. Thread-safe.
class RecipientBudget {
  public:
    explicit RecipientBudget(std::size_t limit) : limit_(limit) {}

    bool reserve(std::size_t count) noexcept {
        auto held = held_.load();
        do {
            if (held + count > limit_) return false;
        } while (!held_.compare_exchange_weak(held, held + count));
        return true;
    }
    /// Counts what was claimed, even where it goes over the limit for a moment.
    void add(std::size_t count) noexcept { held_ += count; }
    void release(std::size_t count) noexcept { held_ -= count; }
    std::size_t room() const noexcept {
        const auto held = held_.load();
        return held >= limit_ ? 0 : limit_ - held;
    }
    std::size_t held() const noexcept { return held_; }

  private:
    const std::size_t limit_;
    std::atomic<std::size_t> held_{0};
};

}  // namespace outpost::dispatch
