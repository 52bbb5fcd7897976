// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <vector>

#include "core/delivery/interface/security_policy.hpp"
#include "core/delivery/interface/tls_decision.hpp"
#include "core/delivery/next_hop/next_hop.hpp"

/// Everything that direct delivery finds out and decides before it connects: what an operator is
/// shown who asks where mail for a domain would go, and how safely.
namespace outpost::delivery {

struct HostSurvey {
    MxHost host;  ///< with what was learned of its addresses
    Result<HostAddresses, NoNextHop> addresses;
    TlsPlan plan;  ///< empty when there are no addresses: the host is not asked about
    std::vector<tlsrpt::Finding> findings;  ///< DANE's: the records, or the trouble in finding them
};

struct DomainSurvey {
    Result<NextHops, NoNextHop> hops;
    std::vector<tlsrpt::Finding> findings;  ///< MTA-STS': the policy, or the trouble
    std::vector<HostSurvey> hosts;          ///< in the order in which delivery would try them
};

/// Looks everything up as an attempt of `job` would. Connects to no mail server.
awaitable<DomainSurvey> survey(
    dns::Resolver& resolver, const SecurityPolicies& policies, const DeliveryJob& job,
    const NextHopOptions& options, Deadline deadline
);

/// Notes on the host what a look-up of its addresses showed of it.
void learn(MxHost& host, const HostAddresses& found);

}  // namespace outpost::delivery
