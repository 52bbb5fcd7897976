// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <deque>
#include <memory>
#include <mutex>
#include <utility>

#include "core/foundation/base/clock.hpp"
#include "core/mail/message/content.hpp"

namespace outpost::dispatch {

/// The content of a message that is being delivered, until it is let go: who needs it later reads
/// it again from the queue. Thread-safe.
class HeldContent {
  public:
    explicit HeldContent(mail::ContentPtr content) : content_(std::move(content)) {}
    /// Null once it has been let go.
    mail::ContentPtr get() const {
        const std::lock_guard lock(mutex_);
        return content_;
    }
    void let_go() {
        const std::lock_guard lock(mutex_);
        content_ = nullptr;
    }

  private:
    mutable std::mutex mutex_;
    mail::ContentPtr content_;
};
using HeldContentPtr = std::shared_ptr<HeldContent>;

/// Lets go of the content of deliveries that take long. Most messages are out in a moment; without
/// this, thousands of servers that answer slowly would each keep a message in memory. To be used
/// from one thread at a time.
class ContentInFlight {
  public:
    HeldContentPtr hold(mail::ContentPtr content, SteadyTime now) {
        auto held = std::make_shared<HeldContent>(std::move(content));
        held_.emplace_back(now, held);
        return held;
    }
    /// Of what has been held since then or longer.
    void let_go(SteadyTime since) {
        for (; !held_.empty() && held_.front().first <= since; held_.pop_front())
            if (const auto held = held_.front().second.lock()) held->let_go();
    }

  private:
    std::deque<std::pair<SteadyTime, std::weak_ptr<HeldContent>>> held_;  ///< oldest first
};

}  // namespace outpost::dispatch
