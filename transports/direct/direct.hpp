// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <string>

#include "core/delivery/next_hop.hpp"
#include "core/delivery/security_policy.hpp"
#include "core/delivery/transport.hpp"
#include "transports/settings.hpp"

namespace outpost::transports {

/// Delivers to the MX hosts of the recipient's domain (RFC 5321 section 5), through `dialer`: directly,
/// or through a proxy. Each host must reach what the policies ask for together.
delivery::TransportPtr make_direct(
    DirectSettings settings, std::shared_ptr<net::Dialer> dialer, delivery::SecurityPolicies policies);

}  // namespace outpost::transports
