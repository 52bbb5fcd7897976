// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// What TLS reports speak of (RFC 8460 section 4): pure values, of sent and of received reports.
namespace outpost::tlsrpt {

enum class PolicyType { no_policy_found, sts, tlsa };
std::string_view text(PolicyType type) noexcept;  ///< "no-policy-found", "sts", "tlsa"
std::optional<PolicyType> parse_policy_type(std::string_view text) noexcept;

/// Section 4.4, "policy". Domains are A-labels.
struct Policy {
    PolicyType type = PolicyType::no_policy_found;
    std::vector<std::string> strings;   ///< lines of the MTA-STS policy; TLSA records "3 1 1 ab12…"
    std::string domain;                 ///< policy-domain
    std::vector<std::string> mx_hosts;  ///< patterns of the MTA-STS policy
    auto operator<=>(const Policy&) const = default;
};

/// Section 4.3.
enum class ResultType {
    starttls_not_supported,
    certificate_host_mismatch,
    certificate_expired,
    certificate_not_trusted,
    validation_failure,
    tlsa_invalid,
    dnssec_invalid,
    dane_required,
    sts_policy_fetch_error,
    sts_policy_invalid,
    sts_webpki_invalid
};
std::string_view text(ResultType type) noexcept;  ///< "certificate-expired"
std::optional<ResultType> parse_result_type(std::string_view text) noexcept;

/// Section 4.4, one of "failure-details". Empty strings are members left out.
struct FailureDetail {
    ResultType type{};
    std::string sending_mta_ip, receiving_mx_hostname, receiving_mx_helo, receiving_ip;
    std::string additional_information;
    std::string failure_reason_code;
    /// failed-session-count: how many sessions met this, whatever it did to them; 0 where it stood
    /// in no session's way.
    std::int64_t sessions = 0;
    auto operator<=>(const FailureDetail&) const = default;
};
/// What looking for a policy met, before there is a host: `detail(tlsa_invalid, "…")`.
FailureDetail detail(ResultType type, std::string reason_code = {}, std::int64_t sessions = 0);

/// One policy with what came of sessions under it.
struct Result {
    Policy policy;
    /// About an MX host (DANE's view), not about a recipient domain (MTA-STS' view).
    bool of_host = false;
    std::int64_t successes = 0, failures = 0;
    std::vector<FailureDetail> details;
    bool operator==(const Result&) const = default;
};

/// A policy as one attempt found it, with the trouble that there was in finding it. Its details
/// come with 0 sessions; a Ledger counts the sessions that the trouble stopped.
struct Finding {
    Policy policy;
    std::vector<FailureDetail> details;
};

}  // namespace outpost::tlsrpt
