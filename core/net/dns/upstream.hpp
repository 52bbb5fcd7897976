// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "core/net/dns/exchange.hpp"
#include "core/net/dns/settings.hpp"

namespace outpost::dns {

/// The recursive servers together: the first answer of any. Has no state; thread-safe.
class Upstream {
  public:
    explicit Upstream(const Settings& settings);

    /// A response is NOERROR or NXDOMAIN here; all else is a Failure. A server that fails by its
    /// own words is not asked again; one that was not heard is, in the next round.
    awaitable<Result<Response, Failure>> ask(Question question, Want want, Deadline deadline) const;
    const std::vector<net::Endpoint>& servers() const noexcept { return servers_; }
    /// Their addresses, for people.
    std::string text() const;

  private:
    std::vector<net::Endpoint> servers_;
    std::chrono::milliseconds timeout_;
    int rounds_;
};

}  // namespace outpost::dns
