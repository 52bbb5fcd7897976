// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <signal.h>

#include <chrono>

namespace outpost::app {

/// Takes SIGTERM, SIGINT and SIGHUP away from the whole process, to be waited for by one thread. To
/// be made before any other thread is started, for threads inherit it; SIGPIPE is ignored from then
/// on.
class Signals {
  public:
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
    sigset_t taken_{};
    sigset_t before_{};
};

}  // namespace outpost::app
