// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <map>
#include <mutex>
#include <string>

#include "core/foundation/base/clock.hpp"

namespace outpost::smtp {

/// Remembers where failed logins come from, so that guessing stays slow over any number of
/// connections. Bounded in memory. Thread-safe.
class AuthThrottle {
  public:
    /// How long a reply to `ip` is delayed: not at all at first, then from a quarter of a second,
    /// doubled with each failure.
    Duration delay(const std::string& ip, SteadyTime now = SteadyClock::now()) const;
    /// True after `max_failures` within `memory`: further attempts are refused unseen.
    bool blocked(const std::string& ip, SteadyTime now = SteadyClock::now()) const;
    void failed(const std::string& ip, SteadyTime now = SteadyClock::now());
    void succeeded(const std::string& ip);

    static constexpr unsigned max_failures = 50;
    static constexpr Duration memory = std::chrono::minutes(10);

  private:
    struct Failures {
        unsigned count = 0;
        SteadyTime last{};
    };
    unsigned failures(const std::string& ip, SteadyTime now) const;

    mutable std::mutex mutex_;
    std::map<std::string, Failures> by_ip_;
};

}  // namespace outpost::smtp
