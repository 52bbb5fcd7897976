// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <asio/thread_pool.hpp>

#include <string>
#include <vector>

#include "core/delivery/interface/security_policy.hpp"
#include "core/delivery/interface/transport.hpp"
#include "transports/relay/relay.hpp"
#include "transports/settings.hpp"

namespace outpost::transports {

/// What built-in transports are made of.
struct Services {
    tls::ClientSettings tls;  ///< the node's own, where a transport has none
    delivery::SecurityPolicies policies;
    std::vector<net::Endpoint> own;  ///< where this server takes mail in
    asio::thread_pool& workers;      ///< for what blocks or computes; outlives the transports
};

/// Makes a built-in transport. Throws std::runtime_error when a TLS file cannot be used, and
/// std::invalid_argument for a plugin's settings, which are not ours to understand.
delivery::TransportPtr make_transport(
    const std::string& name, const TransportSettings& settings, const Services& services
);

}  // namespace outpost::transports
