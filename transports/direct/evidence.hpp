// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <string>

#include "core/delivery/interface/security_evidence.hpp"
#include "core/delivery/interface/tls_decision.hpp"
#include "core/delivery/next_hop/assessments.hpp"
#include "core/delivery/next_hop/next_hop.hpp"
#include "core/mail/tlsrpt/ledger.hpp"
#include "transports/common/smtp_attempt.hpp"

namespace outpost::transports {

/// Gathers what one attempt of direct delivery learns of transport security: for TLS reports, for
/// what is known of domains, and for counters. Told of each step as it is done.
class EvidenceGatherer {
  public:
    EvidenceGatherer(const dns::Domain& domain, const delivery::SecurityPolicies& policies);

    void hosts(const delivery::NextHops& hops);
    void no_hosts(const delivery::NoNextHop& why);
    void domain_policies(const delivery::Assessments& views);
    void no_addresses(const delivery::MxHost& host, const delivery::NoNextHop& why);
    /// What was decided for a host, before any connection.
    void decided(
        const delivery::MxHost& host, const delivery::TlsPlan& plan,
        const delivery::Assessments& views
    );
    /// What came of a host that was tried.
    void tried(
        const delivery::MxHost& host, const delivery::TlsPlan& plan, const HostOutcome& outcome
    );

    std::shared_ptr<const delivery::SecurityEvidence> evidence() const;

  private:
    const delivery::SecurityPolicies& policies_;
    delivery::SecurityEvidence found_;
    tlsrpt::Ledger ledger_;
};

}  // namespace outpost::transports
