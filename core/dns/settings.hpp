// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <cstddef>
#include <vector>

#include "core/net/endpoint.hpp"

namespace outpost::dns {

/// How this node asks the DNS.
struct Settings {
    std::vector<net::Endpoint> servers;  ///< recursive resolvers; empty: those of /etc/resolv.conf
    std::chrono::milliseconds timeout{3000};  ///< for one question to one server
    int rounds = 2;                           ///< times that all servers are asked before giving up
    std::size_t cache_entries = 50'000;
    std::chrono::seconds longest_ttl{24 * 3600};         ///< answers are kept no longer
    std::chrono::seconds longest_negative_ttl{15 * 60};  ///< nor are NXDOMAIN and NODATA (RFC 2308)
};

}  // namespace outpost::dns
