// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "core/net/dns/resolver.hpp"
#include "core/net/sockets/endpoint.hpp"

namespace outpost::dns {

/// Where the PTR records of an address are: "1.2.0.192.in-addr.arpa". An IPv4-mapped address counts
/// as IPv4.
std::string reverse_name(const net::IpAddress& address);

/// Anyone may publish any name for an address; these names have the address among their own.
struct ConfirmedNames {
    std::vector<std::string> names;  ///< in the order of the answer, in lower case
    bool claimed = false;            ///< there were PTR records, confirmed or not
    /// The first look-up without an answer; other names may still be confirmed.
    std::optional<Failure> failure;
};

/// More PTR records than these are ignored (RFC 7208 section 4.6.4).
constexpr std::size_t most_reverse_names = 10;

/// Looks up the names of an address, then the addresses of each (RFC 8601 section 3, RFC 7208
/// section 5.5).
awaitable<ConfirmedNames> confirmed_names(
    net::IpAddress address, Resolver& resolver, Deadline deadline
);

}  // namespace outpost::dns
