// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/delivery/interface/security_policy.hpp"
#include "core/delivery/interface/verdict.hpp"
#include "core/foundation/async/awaitable.hpp"
#include "core/foundation/async/deadline.hpp"
#include "core/net/dns/resolver.hpp"
#include "core/net/sockets/endpoint.hpp"

namespace outpost::delivery {

/// How direct delivery looks for hosts. The limits keep a hostile zone from making us work.
struct NextHopOptions {
    bool ipv4 = true, ipv6 = true;
    bool ipv6_first = true;          ///< RFC 6724; the families alternate after the first address
    std::size_t most_hosts = 10;     ///< MX hosts of one domain
    std::size_t most_addresses = 5;  ///< of one host
    /// A number below its argument; null: a random one. Spreads load over hosts of one preference.
    std::function<std::size_t(std::size_t)> dice;
};

/// Why there is nothing to connect to.
struct NoNextHop {
    Verdict verdict;
    std::optional<dns::Failure> failure;  ///< of the DNS, where that was the reason
};

/// Where mail for a domain goes.
struct NextHops {
    /// In the order to be tried, never empty. `secure` is set, `addresses_secure` is not yet.
    std::vector<MxHost> hosts;
    bool implicit_mx = false;     ///< there is no MX: the domain itself is the host
    std::string expanded_domain;  ///< where the domain's CNAMEs end: the domain itself without any
    dns::Security security = dns::Security::insecure;  ///< of the answer to the MX question
};

/// RFC 5321 section 5.1 and RFC 7505. The failure's verdict is for all recipients: 5.1.10 for a
/// null MX, 5.1.2 for a domain that does not exist or names no usable host, 4.4.3 while the DNS
/// fails.
awaitable<Result<NextHops, NoNextHop>> find_hosts(
    dns::Resolver& resolver, const dns::Domain& domain, const NextHopOptions& options,
    Deadline deadline
);

/// Where one host is.
struct HostAddresses {
    std::vector<net::IpAddress> addresses;  ///< in the order to be tried; never empty
    bool secure = false;                    ///< every answer was: CNAMEs and both families
    std::string expanded;                   ///< where the CNAMEs of its name end
};

/// The addresses of one host. The failure's verdict: 4.4.3 while the DNS fails, 4.4.4 for an MX
/// host without address (another host may have one); of an implicit MX 5.1.2, for then the domain
/// has no mail server at all. Where DNSSEC fails for one family, the other is not used either: what
/// somebody tampers with is no host to deliver to.
awaitable<Result<HostAddresses, NoNextHop>> find_addresses(
    dns::Resolver& resolver, const std::string& host, bool implicit_mx,
    const NextHopOptions& options, Deadline deadline
);

/// The address of an address literal ("user@[192.0.2.1]"): no DNS, no MX.
Result<net::IpAddress, Verdict> literal_address(
    const std::string& literal, const NextHopOptions& options
);

/// The pure part of find_hosts: what the answer to the MX question means.
Result<NextHops, NoNextHop> read_mx_answer(
    const dns::Domain& domain, const dns::Answer& answer, const NextHopOptions& options
);

/// The pure part of find_addresses: both families in the order to be tried, without addresses that
/// no mail server can have (unspecified, multicast, broadcast).
std::vector<net::IpAddress> order_addresses(
    const std::vector<dns::Record>& v4, const std::vector<dns::Record>& v6,
    const NextHopOptions& options
);

}  // namespace outpost::delivery
