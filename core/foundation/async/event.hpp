// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <asio/redirect_error.hpp>
#include <asio/steady_timer.hpp>

#include <utility>

#include "core/foundation/async/awaitable.hpp"
#include "core/foundation/async/deadline.hpp"

namespace outpost {

/// Wakes one waiting coroutine: a `notify` while nobody waits is remembered. Belongs to one
/// executor; other threads post to it.
class Event {
  public:
    explicit Event(const Executor& executor) : timer_(executor) {}

    void notify() {
        set_ = true;
        timer_.cancel();
    }

    /// Returns true when notified, false when the deadline passed first.
    awaitable<bool> wait(Deadline deadline = {}) {
        while (!set_ && !deadline.passed()) {
            timer_.expires_at(deadline.at());
            asio::error_code ignored;
            co_await timer_.async_wait(asio::redirect_error(use_awaitable, ignored));
        }
        co_return std::exchange(set_, false);
    }

  private:
    asio::steady_timer timer_;
    bool set_ = false;
};

}  // namespace outpost
