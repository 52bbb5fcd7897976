// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "core/net/endpoint.hpp"

namespace outpost::publication {

/// Where the PTR record of an address is: below in-addr.arpa (RFC 1035 section 3.5) or ip6.arpa
/// (RFC 3596 section 2.5).
std::string reverse_name(const net::IpAddress& address);

}  // namespace outpost::publication
