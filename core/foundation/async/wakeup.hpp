// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <asio/post.hpp>

#include <memory>

#include "core/foundation/async/event.hpp"

namespace outpost {

/// An Event for another thread to notify: the coroutine goes on on its own executor, which must
/// live when `notify` is called. Owned by a shared_ptr: a notification may outlive the wait.
class Wakeup : public std::enable_shared_from_this<Wakeup> {
  public:
    explicit Wakeup(const Executor& executor) : executor_(executor), event_(executor) {}

    /// Thread-safe.
    void notify() {
        asio::post(executor_, [self = shared_from_this()] { self->event_.notify(); });
    }
    /// Returns true when notified, false when the deadline passed first.
    awaitable<bool> wait(Deadline deadline) { return event_.wait(deadline); }

  private:
    const Executor executor_;
    Event event_;
};

}  // namespace outpost
