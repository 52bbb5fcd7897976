// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <atomic>
#include <map>
#include <mutex>
#include <string>
#include <utility>

#include "core/delivery/queue/bounces.hpp"
#include "core/delivery/queue/suppressions.hpp"
#include "core/mail/dsn/suppression.hpp"

namespace outpost::test {

/// Suppressions in memory. Thread-safe.
class MemorySuppressions final : public queue::Suppressions {
  public:
    void add(const mail::Address& recipient, std::string reason) {
        const std::lock_guard lock(mutex_);
        suppressed_[dsn::suppression_key(recipient)] = std::move(reason);
    }
    /// As an ended one that a node still asks about.
    void end(const mail::Address& recipient) {
        const std::lock_guard lock(mutex_);
        suppressed_[dsn::suppression_key(recipient)].clear();
    }

    bool may_hold(const mail::Address& recipient) const override {
        const std::lock_guard lock(mutex_);
        return suppressed_.contains(dsn::suppression_key(recipient));
    }
    awaitable<std::optional<queue::Suppression>> find(mail::Address recipient) override {
        ++questions;
        const std::lock_guard lock(mutex_);
        const auto found = suppressed_.find(dsn::suppression_key(recipient));
        if (found == suppressed_.end() || found->second.empty()) co_return std::nullopt;
        co_return queue::Suppression{found->second, "", WallClock::now(), std::nullopt};
    }

    std::atomic<int> questions{0};

  private:
    mutable std::mutex mutex_;
    std::map<std::string, std::string> suppressed_;
};

/// Knows every recipient and forgets what is noted of him.
class NoBounces final : public queue::BounceStore {
  public:
    awaitable<bool> note(queue::Bounce) override { co_return true; }
};

}  // namespace outpost::test
