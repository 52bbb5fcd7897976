// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "core/foundation/base/clock.hpp"
#include "core/net/sockets/endpoint.hpp"

namespace outpost::transports {

/// Remembers which addresses could not be connected to, so that a dead host costs its connect
/// timeout a few times and not for each message and each domain that it serves. Thread-safe.
class RestingHosts {
  public:
    static constexpr int failures_before_rest = 3;  ///< in a row
    static constexpr std::chrono::seconds rest{30};

    /// Why the address is not to be tried now; nothing: try it.
    std::optional<std::string> reason(const net::Endpoint& address, SteadyTime now) const;
    void failed(const net::Endpoint& address, std::string why, SteadyTime now);
    void reached(const net::Endpoint& address);

  private:
    struct Failures {
        int in_a_row = 0;
        SteadyTime last{};
        std::string why;
    };
    void forget_the_old(SteadyTime now);

    mutable std::mutex mutex_;
    std::map<std::string, Failures> failures_;  ///< by address and port
};

}  // namespace outpost::transports
