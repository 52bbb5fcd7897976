// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "core/domains/check/finding.hpp"
#include "core/domains/check/mx.hpp"
#include "core/net/dns/reverse.hpp"

namespace outpost::domain_check {

/// A name in EHLO: it leads to an address that says EHLO with it, and is not an alias (RFC 5321
/// sections 2.3.5 and 4.1.4). `addresses`: those that do; the nodes of one database have names of
/// their own, so one is enough.
Findings judge_ehlo(
    const std::string& name, const std::vector<net::IpAddress>& addresses,
    const AddressLookup& found
);

/// The name of an address that mail leaves from: it leads back, is the one in EHLO, and does not
/// look like that of a dial-up line. `pointers`: the PTR records; `confirmed`: of these.
Finding judge_pointer(
    const net::IpAddress& address, const std::string& ehlo, const Lookup& pointers,
    const dns::ConfirmedNames& confirmed
);

/// Whether the name was generated from the address: receivers take such a host for a customer's.
bool is_generic(const std::string& name, const net::IpAddress& address);

}  // namespace outpost::domain_check
