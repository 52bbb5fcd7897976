// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "core/tls_reports/results/tally.hpp"

namespace outpost::test {

/// 12 November 2026, at noon.
inline const WallTime noon =
    std::chrono::sys_days{std::chrono::November / 12 / 2026} + std::chrono::hours(12);

inline tlsrpt::FailureDetail expired(std::string helo = "") {
    auto made = tlsrpt::detail(tlsrpt::ResultType::certificate_expired, "", 1);
    made.receiving_mx_hostname = "mx.test";
    made.receiving_mx_helo = std::move(helo);
    return made;
}

/// A result under an MTA-STS policy of `domain`.
inline tlsrpt::Result sts(
    const std::string& domain, std::int64_t successes,
    std::vector<tlsrpt::FailureDetail> details = {}
) {
    return {
        {tlsrpt::PolicyType::sts, {"version: STSv1", "mode: enforce"}, domain, {"*.test", "mx.test"}
        },
        false,
        successes,
        0,
        std::move(details)
    };
}

inline delivery::Learned learned(
    std::vector<tlsrpt::Result> results, delivery::DomainAbilities abilities = {},
    WallTime at = noon, std::string domain = "example.org"
) {
    auto made = std::make_shared<delivery::SecurityEvidence>();
    made->domain = std::move(domain);
    made->results = std::move(results);
    made->abilities = abilities;
    return {std::move(made), "shop", at, true};
}

inline delivery::DomainAbilities starttls(bool seen) {
    delivery::DomainAbilities abilities;
    abilities.starttls = seen;
    return abilities;
}

}  // namespace outpost::test
