// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <atomic>
#include <chrono>
#include <memory>

#include "core/foundation/async/event_loops.hpp"

namespace outpost::server {

/// Tells the service manager that we are alive, as long as every event loop answers: a loop that
/// hangs makes it restart us.
class Watchdog {
  public:
    explicit Watchdog(EventLoops& loops);
    /// Reports for the last tick and asks the loops again.
    void tick();
    /// How often to tick.
    std::chrono::milliseconds interval() const noexcept { return interval_; }

  private:
    EventLoops& loops_;
    const std::chrono::milliseconds interval_;
    std::shared_ptr<std::atomic<std::size_t>> answers_;
};

}  // namespace outpost::server
