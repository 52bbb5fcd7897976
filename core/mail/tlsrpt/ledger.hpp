// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/mail/tlsrpt/result.hpp"
#include "core/net/dns/resolver.hpp"
#include "core/net/tls/observation.hpp"
#include "core/net/tls/requirement.hpp"

namespace outpost::tlsrpt {

/// Collects what one attempt of direct delivery says for TLS reports: one result of the recipient
/// domain (MTA-STS' view), and one of each MX host that was considered (DANE's view); RFC 8460
/// sections 3 and 4. The calls may come in any order. Pure.
///
/// Totals count sessions by how they ended; details count the sessions that met a problem, even one
/// without consequences: mail may be delivered over a session whose certificate is not trusted.
class Ledger {
  public:
    /// `recipient_domain`: A-labels. Address literals have no policies and need no ledger.
    explicit Ledger(std::string recipient_domain);

    /// The CNAME or MX lookup of the domain failed for good or for now.
    void domain_lookup_failed(const dns::Failure& failure);
    /// What MTA-STS found; never called: "no-policy-found".
    void domain_policy(Finding finding);
    /// What DANE found of a host; never called: "no-policy-found" for the host itself.
    void host_policy(const std::string& host, Finding finding);
    /// The address lookup of a host failed.
    void host_lookup_failed(const std::string& host, const dns::Failure& failure);
    /// A host was not tried. `ignored`: it was tried all the same (TLS-Required: No, or the policy
    /// is only watched).
    void refused(const std::string& host, const tls::Refusal& refusal, bool ignored);
    /// A new session reached TLS, or turned out to have none. Called once for each session, when no
    /// more can be learned of its TLS (after the first reply under it); not called for a session in
    /// clear after a failed one.
    void session(const std::string& host, const tls::TlsObservation& seen);

    /// Everything so far, without what would say nothing. No session is counted twice for one
    /// policy domain: where a host is the recipient domain itself, TLSA records go before "no
    /// policy", and the domain's result before a host's without a policy.
    std::vector<Result> results() const;

  private:
    /// One policy's sessions.
    struct Account {
        std::optional<Finding> found;
        std::int64_t successes = 0, failures = 0;
        /// Sessions that met the trouble in finding the policy, and those of them that it stopped.
        std::int64_t troubled = 0, stopped = 0;
        bool dane_required = false;  ///< there should have been TLSA records
        std::vector<FailureDetail> details;
    };
    Result close(const Account& account, const std::string& name, bool of_host) const;

    std::string domain_;
    Account of_domain_;
    std::map<std::string, Account> of_hosts_;
};

}  // namespace outpost::tlsrpt
