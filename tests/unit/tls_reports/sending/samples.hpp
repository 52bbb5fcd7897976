// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "core/tls_reports/sending/draft.hpp"

namespace outpost::test {

inline mail::Address address(const std::string& text) {
    return mail::Address::parse(text).value();
}

/// Sends for origin.test, which signs with selector "s".
inline tls_reports::Settings sending() {
    tls_reports::Submitter submitter;
    submitter.domain = dns::Domain::parse("origin.test").value();
    submitter.signing.keys["s"] = dkim::PrivateKey::make_ed25519();
    return {true, false, submitter};
}

inline const std::chrono::sys_days day = std::chrono::November / 25 / 2026;

inline tlsrpt::DayRow row(
    const std::string& recipient, const std::string& policy_domain, bool of_host,
    std::int64_t failures
) {
    tlsrpt::DayRow row;
    row.day = day;
    row.recipient_domain = recipient;
    row.send_report = true;
    row.result.policy.type = of_host ? tlsrpt::PolicyType::tlsa : tlsrpt::PolicyType::sts;
    row.result.policy.domain = policy_domain;
    row.result.of_host = of_host;
    row.result.successes = 3;
    row.result.failures = failures;
    return row;
}

}  // namespace outpost::test
