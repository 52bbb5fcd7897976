// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <signal.h>

#include <array>
#include <chrono>

namespace outpost::server {

/// Turns SIGTERM, SIGINT and SIGHUP into events that one thread waits for, whichever thread they
/// hit; SIGPIPE is ignored. One at a time in a process; what was in force before returns at its
/// end, but for SIGPIPE.
class Signals {
  public:
    /// Throws std::system_error when the system has no descriptors left.
    Signals();
    ~Signals();
    Signals(const Signals&) = delete;
    Signals& operator=(const Signals&) = delete;

    enum class Event { none, stop, reload };
    /// The next signal; `none` when there was none in time.
    Event wait(std::chrono::milliseconds patience);
    /// From now on SIGTERM and SIGINT end the process at once: for people who do not want to wait.
    void let_stop_kill();

  private:
    static constexpr std::array<int, 3> taken{SIGTERM, SIGINT, SIGHUP};
    std::array<struct sigaction, taken.size()> before_{};
};

}  // namespace outpost::server
