// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <string>
#include <vector>

#include "core/mail/tlsrpt/result.hpp"

/// Results in one line each, as tests compare them:
/// "domain sts example.org +1 -0; certificate-expired reason mx.test x1".
inline std::string describe(const outpost::tlsrpt::FailureDetail& detail) {
    std::string said(text(detail.type));
    for (const auto* part :
         {&detail.failure_reason_code, &detail.receiving_mx_hostname, &detail.sending_mta_ip,
          &detail.receiving_ip, &detail.receiving_mx_helo})
        if (!part->empty()) said += ' ' + *part;
    return fmt::format("{} x{}", said, detail.sessions);
}

inline std::vector<std::string> describe(const std::vector<outpost::tlsrpt::Result>& results) {
    std::vector<std::string> lines;
    for (const auto& result : results) {
        lines.push_back(fmt::format(
            "{} {} {} +{} -{}", result.of_host ? "host" : "domain", text(result.policy.type),
            result.policy.domain, result.successes, result.failures
        ));
        for (const auto& detail : result.details)
            lines.back() += "; " + describe(detail);
    }
    return lines;
}
