// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace outpost::domain_records {

/// An MTA-STS policy that a domain of ours publishes (RFC 8461 section 3.2).
struct MtaStsPolicy {
    enum class Mode { enforce, testing, none };
    Mode mode = Mode::enforce;
    std::vector<std::string> mx;  ///< patterns of hosts; empty: those that receive for the domain
    std::chrono::seconds max_age{7 * 24 * 3600};
};

/// As a policy writes it.
std::string_view to_string(MtaStsPolicy::Mode mode) noexcept;

/// What https://mta-sts.DOMAIN/.well-known/mta-sts.txt has to answer.
std::string policy_text(const MtaStsPolicy& policy);

/// The TXT record at _mta-sts.DOMAIN (RFC 8461 section 3.1). Its id follows from the text, so it is
/// another one whenever the policy is, and the same on every node.
std::string mta_sts_record(std::string_view policy_text);

}  // namespace outpost::domain_records
