// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "core/domains/check/finding.hpp"
#include "core/net/sockets/endpoint.hpp"

namespace outpost::domain_check {

/// The addresses that a name leads to.
struct AddressLookup {
    Lookup v4, v6;

    std::vector<net::IpAddress> addresses() const;
    /// Nothing when both have an answer.
    const dns::Failure* failure() const;
    bool is_alias() const;
    /// Of the weaker one of the answers there are.
    std::optional<dns::Security> security() const;
};

/// The MX records of a domain, whose mail these hosts are to receive.
Findings judge_mx(
    const std::string& domain, const std::vector<std::string>& hosts, const Lookup& answer
);

/// One of these hosts: it has addresses, and is not an alias (RFC 5321 section 5.1).
Findings judge_mx_host(const std::string& host, const AddressLookup& found);
/// The same, of this host or of other nodes with its name. `ours`: addresses that are known to be.
Findings judge_own_mx_host(
    const std::string& host, const AddressLookup& found, const std::vector<net::IpAddress>& ours
);

}  // namespace outpost::domain_check
