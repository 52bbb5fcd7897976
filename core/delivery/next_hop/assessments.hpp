// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <vector>

#include "core/delivery/interface/security_evidence.hpp"
#include "core/delivery/interface/security_policy.hpp"

namespace outpost::delivery {

/// What all policies together say of one domain and its hosts, for one attempt.
class Assessments {
  public:
    /// Asks every policy for its view of the domain. `job` and `resolver` outlive what comes back.
    static awaitable<Assessments> make(
        const SecurityPolicies& policies, const dns::Domain& domain, const DeliveryJob& job,
        dns::Resolver& resolver, Deadline deadline
    );
    /// The join of what they demand of the host; its addresses have been looked up.
    awaitable<tls::TlsDemand> demand_of(const MxHost& host, Deadline deadline);

    /// For TLS reports.
    std::vector<tlsrpt::Finding> of_domain() const;
    std::vector<tlsrpt::Finding> of_host(const MxHost& host) const;

    /// Notes which policies are known to protect the domain, or the host, or known not to.
    void note_protection(DomainAbilities& abilities) const;
    void note_protection(const MxHost& host, DomainAbilities& abilities) const;

  private:
    struct View {
        std::string policy;  ///< its key
        std::unique_ptr<Assessment> assessment;
    };
    std::vector<View> views_;
};

}  // namespace outpost::delivery
