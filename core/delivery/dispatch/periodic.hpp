// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <atomic>
#include <functional>
#include <string>

#include "core/foundation/async/event.hpp"
#include "core/foundation/async/task_group.hpp"

namespace outpost::dispatch {

/// Work that is done again and again in the background: when woken, and at the latest after an
/// interval. A failure is logged once and tried again later; nothing stops it but `stop`.
class Periodic {
  public:
    /// One round; returns whether there is more to do at once. Runs on `executor`.
    using Round = std::function<awaitable<bool>()>;

    Periodic(std::string name, const Executor& executor, Duration interval, Round round);
    /// Begins, as a task of `tasks`, with a round at once. The Periodic must outlive the group.
    void start(TaskGroup& tasks);
    /// Thread-safe.
    void wake();
    /// No further round begins. Thread-safe.
    void stop();

  private:
    awaitable<void> loop();
    awaitable<Duration> one_round();

    const std::string name_;
    const Executor executor_;
    const Duration interval_;
    const Round round_;
    Event event_;
    std::atomic<bool> stopping_{false};
    int failures_ = 0;
};

}  // namespace outpost::dispatch
