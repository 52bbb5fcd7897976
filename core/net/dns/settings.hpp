// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "core/net/sockets/endpoint.hpp"

namespace outpost::dns {

/// Who says whether an answer is secure (RFC 4033 section 5).
///
/// `automatic` is what a careful operator would choose without looking at DNSSEC any further. Name
/// servers on loopback alone are believed (nothing between them and us can be tampered with, and
/// one who installs unbound there means it): trust_ad. Any other resolver is a forwarder beyond a
/// network that nobody vouches for: Outpost validates. Should that forwarder hand on no signatures,
/// mail must not stop on account of a setting that nobody made: answers are then indeterminate,
/// which the log says loudly. One who writes `validate` wants the opposite, and gets failures.
enum class SecurityMode {
    automatic,
    none,      ///< nobody: every answer is indeterminate
    trust_ad,  ///< the resolvers, by their AD bit (RFC 6840 section 5.8), if they may be trusted
    validate,  ///< Outpost itself, from a trust anchor down; no resolver need be trusted
};

/// How this node asks the DNS.
struct Settings {
    std::vector<net::Endpoint> servers;  ///< recursive resolvers; empty: those of /etc/resolv.conf
    std::chrono::milliseconds timeout{3000};  ///< for one question to one server
    int rounds = 2;                           ///< times that all servers are asked before giving up
    std::size_t cache_entries = 50'000;
    std::chrono::seconds longest_ttl{24 * 3600};         ///< answers are kept no longer
    std::chrono::seconds longest_negative_ttl{15 * 60};  ///< nor are NXDOMAIN and NODATA (RFC 2308)

    SecurityMode security = SecurityMode::automatic;
    bool trusted = false;                 ///< the AD bit of servers that are not on loopback counts
    std::filesystem::path trust_anchors;  ///< DS or DNSKEY records; empty: the root's, compiled in
    /// What is at or below these names is taken as insecure (RFC 7646): for names that only the
    /// resolvers here know, below signed domains.
    std::vector<std::string> insecure_domains;
};

}  // namespace outpost::dns
