// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "core/delivery/interface/policy_mode.hpp"
#include "core/mail/tlsrpt/result.hpp"
#include "core/net/tls/requirement.hpp"
#include "policies/mta_sts/policy_text.hpp"

namespace outpost::mta_sts {

/// What went wrong on the way to a policy.
struct Trouble {
    enum class Kind {
        dns_lookup,  ///< the record could not be looked up
        no_record,   ///< it is gone, while a policy is cached
        several_records,
        broken_record,
        no_policy_served,  ///< the policy host does not exist, or has no policy (404)
        cannot_fetch,      ///< anything else about HTTPS
        bad_certificate,   ///< the policy host's certificate is not valid
        bad_policy,        ///< what it served is not a policy
        backing_off        ///< the last fetch failed a short while ago
    };
    Kind kind{};
    std::string text;  ///< for people
    /// For reports, where it says more than the kind: "dns-extended-error-9-dnskey-missing",
    /// "certificate-expired".
    std::string code{};
    bool operator==(const Trouble&) const = default;
};
/// As it is stored, and as reports call it: "cannot-fetch-policy".
std::string_view text(Trouble::Kind kind) noexcept;
std::optional<Trouble::Kind> parse_trouble(std::string_view text) noexcept;

/// What is known of a domain's policy at one moment.
struct Standing {
    std::optional<Policy> policy;  ///< the one in force
    /// It could not be found out whether there is a policy, and none is cached: mail must wait.
    bool unknown = false;
    std::optional<Trouble> trouble;
    bool operator==(const Standing&) const = default;
};

/// What a policy asks of one host (RFC 8461 section 4). A policy in testing mode, and any policy
/// where `mode` says so, is only watched. `host`: A-labels.
tls::TlsDemand demand(const Standing& standing, const std::string& host, delivery::PolicyMode mode);

/// The same for TLS reports (RFC 8460); `domain`: A-labels. No session has failed because of it
/// yet.
tlsrpt::Finding finding(const Standing& standing, const std::string& domain);

/// Whether the domain has a policy in mode enforce; unset: that could not be found out.
std::optional<bool> protects(const Standing& standing);

}  // namespace outpost::mta_sts
