// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>

#include "core/server/node/make_snapshot.hpp"

namespace outpost::server {

/// Makes the transports of a configuration: the built-in kinds here, the others by the plugins of
/// the configuration, in processes of their own or in this one (loaded once for each file, when
/// first needed, for as long as anything of them lives).
/// Tokens are fetched on threads of its own. To be used from one thread; must outlive the
/// transports.
class TransportFactory {
  public:
    TransportFactory();
    ~TransportFactory();
    /// Throws std::runtime_error that says why a transport cannot be made.
    delivery::TransportPtr make(
        const Settings& all, const std::string& name, const delivery::TransportSettings& settings,
        const delivery::SecurityPolicies& policies
    );

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace outpost::server
