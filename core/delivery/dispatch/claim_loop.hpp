// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <string>

#include "core/delivery/dispatch/router.hpp"
#include "core/delivery/dispatch/runner.hpp"
#include "core/delivery/dispatch/shared.hpp"
#include "core/foundation/async/event.hpp"

namespace outpost::dispatch {

/// Takes due recipients out of the queue, as many as this node has room for. Lives on the first
/// loop.
class ClaimLoop {
  public:
    ClaimLoop(Shared& shared, Router& router, Runner& runner)
        : shared_(shared), router_(router), runner_(runner), event_(shared.executor) {}

    void start() { shared_.tasks.spawn("claim loop", shared_.executor, run()); }
    /// There may be due recipients.
    void wake();
    /// There is room for more recipients.
    void room_made();
    /// Ends once draining has begun.
    void stop() { event_.notify(); }

  private:
    awaitable<void> run();
    bool should_look() const;
    awaitable<void> look();
    awaitable<void> claim(std::size_t limit);
    Duration pause_before_look(std::optional<WallTime> due) const;
    void database_failed(const std::string& why);
    void maintain();

    Shared& shared_;
    Router& router_;
    Runner& runner_;
    Event event_;
    bool notified_ = false, more_due_ = false;
    int failures_ = 0;
    SteadyTime next_look_{}, next_maintenance_{};
};

}  // namespace outpost::dispatch
