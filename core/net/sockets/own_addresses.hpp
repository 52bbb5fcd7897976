// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <vector>

#include "core/net/sockets/endpoint.hpp"

namespace outpost::net {

/// The addresses of this machine's interfaces, as they are now. Empty when the system does not say.
std::vector<IpAddress> own_addresses();

/// Where a listener on `address` can be reached: at that address, or, when it is "0.0.0.0" or "::",
/// at all of ours of its family.
std::vector<Endpoint> reachable_at(const IpAddress& address, std::uint16_t port);

}  // namespace outpost::net
