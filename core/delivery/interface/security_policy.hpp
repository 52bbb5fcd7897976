// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/delivery/interface/job.hpp"
#include "core/delivery/interface/security_event.hpp"
#include "core/foundation/async/awaitable.hpp"
#include "core/foundation/async/deadline.hpp"
#include "core/mail/tlsrpt/result.hpp"
#include "core/net/dns/resolver.hpp"
#include "core/net/tls/requirement.hpp"

namespace outpost::delivery {

/// A host that mail for a domain may be handed to, and how securely we know that.
struct MxHost {
    std::string name;  ///< A-labels; empty for an address literal
    std::uint16_t preference = 0;
    /// The DNS answers that led from the domain to this name were all DNSSEC-secure: its CNAMEs and
    /// its MX, or the proof that it has none.
    bool secure = false;
    /// The addresses' answers were all secure, CNAMEs of `name` included. Known once they have been
    /// looked up.
    bool addresses_secure = false;
    std::string expanded;   ///< where the CNAMEs of `name` end; equal to it without any
    bool implicit = false;  ///< the domain has no MX: `name` is the domain itself, CNAMEs followed
    std::string mail_domain;  ///< where the CNAMEs of the recipient's domain end
};

/// One policy's view of one domain and its hosts, for one attempt. Belongs to the attempt.
class Assessment {
  public:
    virtual ~Assessment() = default;
    /// What this host must reach. Failed lookups are a `forbidden` requirement, never a weaker one.
    virtual awaitable<tls::TlsDemand> require(const MxHost& host, Deadline deadline) = 0;
    /// For TLS reports: the policy of the recipient domain; unset where this policy is one of
    /// hosts.
    virtual std::optional<tlsrpt::Finding> of_domain() const { return std::nullopt; }
    /// For TLS reports: the policy of a host that `require` was called for, "no-policy-found" where
    /// there is none; unset where this policy is one of domains.
    virtual std::optional<tlsrpt::Finding> of_host(const MxHost& host) const {
        (void)host;
        return std::nullopt;
    }
    /// Whether the domain is protected by this policy, as far as it is one of domains; unset: it is
    /// not, or that could not be found out.
    virtual std::optional<bool> protects() const { return std::nullopt; }
    /// The same of a host that `require` was called for.
    virtual std::optional<bool> protects(const MxHost& host) const {
        (void)host;
        return std::nullopt;
    }
};

/// A source of TLS requirements for direct delivery. Policies are peers; what they demand is joined
/// with TlsDemand::joined.
class SecurityPolicy {
  public:
    virtual ~SecurityPolicy() = default;
    /// As TlsRequirement::sources and attempt rows have it: "mta-sts".
    virtual std::string_view name() const noexcept = 0;
    /// As the configuration, SQL and metrics have it: "mta_sts".
    virtual std::string_view key() const noexcept { return name(); }
    /// Null: the policy has nothing to say here (its mode is off). `job` and `resolver` outlive the
    /// assessment.
    virtual awaitable<std::unique_ptr<Assessment>> assess(
        const dns::Domain& domain, const DeliveryJob& job, dns::Resolver& resolver,
        Deadline deadline
    ) = 0;

    /// What of this policy is counted: shown from the start.
    virtual std::span<const SecurityEvent* const> events() const noexcept { return {}; }
    /// What is to be counted of a host before any connection. `demand`: all that is asked of it.
    virtual void note_host(SecurityEvents& noted, const tls::TlsDemand& demand) const {
        (void)noted, (void)demand;
    }
    /// What is to be counted of a new session with it.
    virtual void note_session(
        SecurityEvents& noted, const tls::TlsDemand& demand, const tls::TlsObservation& seen
    ) const {
        (void)noted, (void)demand, (void)seen;
    }
};

using SecurityPolicies = std::vector<std::shared_ptr<SecurityPolicy>>;

}  // namespace outpost::delivery
