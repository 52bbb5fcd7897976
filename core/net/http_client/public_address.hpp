// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "core/net/sockets/endpoint.hpp"

namespace outpost::http_client {

/// Whether an address belongs to the public internet: no special-purpose address of RFC 6890 and
/// its registries, no multicast, no IPv6 form of an IPv4 address that is not public itself.
bool is_public(const net::IpAddress& address);

}  // namespace outpost::http_client
