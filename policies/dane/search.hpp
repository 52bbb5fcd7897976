// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "core/delivery/interface/security_policy.hpp"
#include "policies/dane/demand.hpp"

namespace outpost::dane {

/// Where TLSA records of a host may be, in the order to be asked (RFC 7672 sections 2.2.2 and
/// 2.2.3); none: DANE does not apply to it. Pure.
///
/// Every answer that led to the host must have been secure. Where the aliases of its name are
/// secure to their end, the end comes first. `alias_secure`: its first CNAME is secure, whatever
/// follows; then the name itself may have records, even if its addresses are insecure.
std::vector<std::string> base_domains(
    const delivery::MxHost& host, const std::string& recipient_domain, bool alias_secure
);

/// Asks for the TLSA records at `_25._tcp.BASE` of each candidate until one has some. A failed
/// lookup, even of an alias on the way, ends it: suppressed answers must not count as absent
/// (section 2.1.2).
awaitable<Finding> search(
    dns::Resolver& resolver, const delivery::MxHost& host, const std::string& recipient_domain,
    Deadline deadline
);

}  // namespace outpost::dane
