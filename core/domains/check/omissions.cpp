// SPDX-License-Identifier: Apache-2.0
#include "core/domains/check/omissions.hpp"

#include <algorithm>

namespace outpost::domain_check {
namespace {

Finding omitted(Topic topic, const std::string& name, std::string summary, std::string advice) {
    return problem(Grade::warning, {topic, name, {}, {}}, std::move(summary), std::move(advice));
}

}  // namespace

Findings judge_omissions(const domain_records::Host& host) {
    Findings findings;
    if (host.ehlo.front().addresses.empty()) {
        findings.push_back(omitted(
            Topic::spf, host.name,
            "'outgoing_addresses' is not configured: mail is taken to leave from what the host "
            "name leads to",
            "name the addresses that receivers see"
        ));
    }
    if (!host.receives.empty() && host.tls_reports.is_null()) {
        findings.push_back(omitted(
            Topic::tls_reports, host.name,
            "no TLS reports about the host are asked for: failures of DANE stay unknown",
            "configure 'tls_reports: {host_address: ...}'"
        ));
    }
    return findings;
}

Findings judge_omissions(const domain_records::Sender& sender) {
    Findings findings;
    const bool signs = std::any_of(sender.dkim.begin(), sender.dkim.end(), [](const auto& key) {
        return key.second.signs;
    });
    if (!signs) {
        findings.push_back(omitted(
            Topic::dkim, sender.domain, "no key signs the domain's mail",
            "make one: outpost dkim generate"
        ));
    }
    if (sender.mx.empty()) return findings;
    if (!sender.mta_sts) {
        findings.push_back(omitted(
            Topic::mta_sts, sender.domain,
            "no policy is configured: senders without DANE verify nobody",
            "configure 'mta_sts' for the domain"
        ));
    }
    if (sender.tls_reports.is_null()) {
        findings.push_back(omitted(
            Topic::tls_reports, sender.domain,
            "no TLS reports about the domain are asked for: failures stay unknown",
            "configure 'tls_reports' for the domain"
        ));
    }
    return findings;
}

}  // namespace outpost::domain_check
