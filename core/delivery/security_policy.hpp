// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/async/awaitable.hpp"
#include "core/async/deadline.hpp"
#include "core/delivery/job.hpp"
#include "core/tls/facts.hpp"
#include "core/tls/requirement.hpp"

namespace outpost::delivery {

/// A host that mail for a domain may be handed to, and how securely we know that.
struct MxHost {
    std::string name;  ///< A-labels; empty for an address literal
    std::uint16_t preference = 0;
    bool secure = false;  ///< every DNS answer on the way was DNSSEC-secure
};

/// One policy's view of one next hop, for one attempt.
class Assessment {
  public:
    virtual ~Assessment() = default;
    virtual awaitable<tls::TlsRequirement> require(const MxHost& host, Deadline deadline) = 0;
    /// What the session with this host reached (null: no TLS) and why it failed (empty: it did
    /// not).
    virtual void observe(
        const MxHost& host, const tls::TlsFacts* reached, std::string_view error
    ) noexcept = 0;
};

/// A source of TLS requirements for direct delivery: DANE, MTA-STS, REQUIRETLS, a route's own wish.
/// Policies are peers; their requirements are joined with TlsRequirement::stricter.
class SecurityPolicy {
  public:
    virtual ~SecurityPolicy() = default;
    virtual std::string_view name() const noexcept = 0;
    virtual awaitable<std::unique_ptr<Assessment>> assess(
        const mail::Domain& domain, const DeliveryJob& job, Deadline deadline
    ) = 0;
};

using SecurityPolicies = std::vector<std::shared_ptr<SecurityPolicy>>;

}  // namespace outpost::delivery
