// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "core/delivery/interface/security_policy.hpp"
#include "core/delivery/interface/transport.hpp"
#include "core/delivery/next_hop/next_hop.hpp"
#include "transports/direct/settings.hpp"

namespace outpost::transports {

/// Delivers to the MX hosts of the recipient's domain (RFC 5321 section 5), through `dialer`:
/// directly, or through a proxy. Each host must reach what the policies ask for together. `own`:
/// where this very server takes mail in; a host found there, and all less preferred ones, would
/// bring mail round in a circle.
delivery::TransportPtr make_direct(
    DirectSettings settings, std::shared_ptr<net::Dialer> dialer,
    delivery::SecurityPolicies policies, std::vector<net::Endpoint> own = {}
);

}  // namespace outpost::transports
