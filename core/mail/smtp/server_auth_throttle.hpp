// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <map>
#include <mutex>
#include <string>

#include "core/foundation/base/clock.hpp"

namespace outpost::smtp {

/// Remembers where failed logins come from, so that guessing is slow however many connections it
/// takes. Bounded in memory. Thread-safe.
class AuthThrottle {
  public:
    /// How long an answer to `ip` is to wait: nothing at first, doubling with each failure from a
    /// quarter of a second on.
    Duration delay(const std::string& ip, SteadyTime now = SteadyClock::now()) const;
    /// True after `max_failures` within `memory`: no more attempts are looked at.
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
