// SPDX-License-Identifier: Apache-2.0
#include "core/cli/tls_explanation_words.hpp"

#include <fmt/chrono.h>

#include <algorithm>

#include "core/foundation/base/encoding.hpp"
#include "core/net/tls/tlsa.hpp"

namespace outpost::cli {

bool is_deliverable(const TlsExplanation& explanation) {
    return std::any_of(
        explanation.hosts.begin(), explanation.hosts.end(),
        [](const HostExplanation& host) {
            return host.survey.addresses && !host.survey.plan.refused && words::unmet(host).empty();
        }
    );
}

namespace words {

std::string mode(delivery::PolicyMode mode) {
    switch (mode) {
        case delivery::PolicyMode::enforce:
            return "enforce";
        case delivery::PolicyMode::watch:
            return "report";
        case delivery::PolicyMode::require:
            return "require";
        case delivery::PolicyMode::off:
            break;
    }
    return "off";
}

std::string utc(WallTime time) {
    return fmt::format(
        "{:%Y-%m-%dT%H:%M:%S}Z", std::chrono::time_point_cast<std::chrono::seconds>(time)
    );
}

std::vector<TlsaLine> tlsa_lines(const dns::Answer& answer) {
    std::vector<TlsaLine> lines;
    for (const dns::Record& record : answer.records) {
        const auto parsed = tls::parse_tlsa(record.text);
        lines.push_back(
            parsed ? TlsaLine{tls::text(*parsed), tls::is_usable(*parsed)}
                   : TlsaLine{hex_encode(record.text), false}
        );
    }
    return lines;
}

std::string sts_origin(const TlsExplanation& explanation) {
    const bool in_force = std::any_of(
        explanation.sts_found.begin(), explanation.sts_found.end(),
        [](const tlsrpt::Finding& finding) { return !finding.policy.strings.empty(); }
    );
    if (!in_force) return {};
    return explanation.sts_fetched ? "fetched" : "cache";
}

std::string unmet(const HostExplanation& host) {
    if (!host.probe) return {};
    const TlsProbe& probe = *host.probe;
    if (!probe.trouble.empty()) return probe.trouble;
    if (probe.seen.failure && !host.survey.plan.may_fall_back()) return probe.seen.failure->reason;
    if (!probe.seen.reached && !host.survey.plan.may_fall_back()) return "STARTTLS is not offered";
    return {};
}

}  // namespace words
}  // namespace outpost::cli
