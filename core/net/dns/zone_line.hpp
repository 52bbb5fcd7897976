// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <string_view>

#include "core/net/dns/resolver.hpp"

namespace outpost::dns {

/// A record as a line of a zone file (RFC 1035 section 5.1). `name` is without trailing dot, and
/// `value` as zone files have it; of a TXT record it is the whole text, unquoted, which goes into
/// strings of 255 octets at most (section 3.3.14).
std::string zone_line(std::string_view name, Type type, std::string_view value);

}  // namespace outpost::dns
