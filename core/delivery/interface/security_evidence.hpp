// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/delivery/interface/security_event.hpp"
#include "core/mail/tlsrpt/result.hpp"

namespace outpost::delivery {

/// What an attempt has seen that a recipient domain can do; unset: it did not come to light.
struct DomainAbilities {
    std::optional<bool> starttls;    ///< a session reached TLS
    std::optional<bool> requiretls;  ///< REQUIRETLS was announced under TLS (RFC 8689)
    std::optional<bool> dnssec;      ///< the MX answer was secure
    /// Whether a policy protects it, by the policy's key: Assessment::protects.
    std::map<std::string, bool, std::less<>> policies;

    std::optional<bool> policy(std::string_view key) const {
        const auto found = policies.find(key);
        return found == policies.end() ? std::nullopt : std::optional(found->second);
    }
    bool operator==(const DomainAbilities&) const = default;
};

/// What one attempt of direct delivery learned of transport security, besides its verdicts.
struct SecurityEvidence {
    std::string domain;  ///< recipient domain, A-labels
    DomainAbilities abilities;
    std::vector<tlsrpt::Result> results;  ///< for TLS reports (RFC 8460)
    SecurityEvents events;                ///< to be counted
};

}  // namespace outpost::delivery
