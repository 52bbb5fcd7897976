// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "core/delivery/modules/transport_kind.hpp"
#include "transports/direct/settings.hpp"

namespace outpost::transports {

/// Delivery through a proxy, with these settings.
std::shared_ptr<const delivery::TransportConfig> socks_config(SocksSettings settings);

/// As the server's list of transports has them.
delivery::TransportKind direct_kind();
delivery::TransportKind socks_kind();

}  // namespace outpost::transports
