// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <map>
#include <string>
#include <vector>

#include "core/dns/resolver.hpp"
#include "core/tls/observation.hpp"
#include "core/tls/requirement.hpp"
#include "core/tlsrpt/result.hpp"

namespace outpost::tlsrpt {

/// Collects what one attempt of direct delivery says for TLS reports: one result of the recipient
/// domain, and one of each MX host that was considered (RFC 8460 sections 3 and 4). Pure.
class Ledger {
  public:
    /// `recipient_domain`: A-labels.
    explicit Ledger(std::string recipient_domain);

    /// The CNAME or MX lookup of the domain failed for good or for now.
    void domain_lookup_failed(const dns::Failure& failure);
    /// What MTA-STS found; never called: "no-policy-found".
    void domain_policy(Finding finding);
    /// What DANE found of a host; never called: "no-policy-found".
    void host_policy(const std::string& host, Finding finding);
    /// The address lookup of a host failed.
    void host_lookup_failed(const std::string& host, const dns::Failure& failure);
    /// A host was not tried. `ignored`: it was tried all the same (TLS-Required: No, or the policy
    /// is only watched).
    void refused(const std::string& host, const tls::Refusal& refusal, bool ignored);
    /// A new session came as far as TLS, or as its absence. Sessions in clear after a failed one
    /// are not told.
    void session(const std::string& host, const tls::TlsObservation& seen);

    /// Everything so far. The domain's result is left out where it has no policy and a host result
    /// speaks of the very same policy domain.
    std::vector<Result> results() const;

  private:
    struct HostEntry {
        Result result;
        bool known = false;
    };
    std::string domain_;
    Result of_domain_;
    bool domain_known_ = false;
    std::map<std::string, HostEntry> of_hosts_;
};

}  // namespace outpost::tlsrpt
