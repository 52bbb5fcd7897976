// SPDX-License-Identifier: Apache-2.0
#include "policies/mta_sts/standing.hpp"

#include <array>
#include <sstream>
#include <utility>

namespace outpost::mta_sts {
namespace {

using Kind = Trouble::Kind;

constexpr const char* source = "mta-sts";

constexpr std::array<std::pair<Kind, std::string_view>, 9> kinds{{
    {Kind::dns_lookup, "dns-lookup"},
    {Kind::no_record, "no-mta-sts-record"},
    {Kind::several_records, "multiple-mta-sts-records"},
    {Kind::broken_record, "record-syntax-error"},
    {Kind::no_policy_served, "no-policy-served"},
    {Kind::cannot_fetch, "cannot-fetch-policy"},
    {Kind::bad_certificate, "certificate-not-trusted"},
    {Kind::bad_policy, "policy-syntax-error"},
    {Kind::backing_off, "back-off-after-recent-fetch-error"},
}};

tls::TlsRequirement requirement_of(const Policy& policy, const std::string& host) {
    auto requirement = tls::TlsRequirement::verified({host}, source);
    if (!names_host(policy, host)) {
        requirement.forbidden.push_back(
            {tls::Refusal::Kind::domain_excludes,
             host + " is none of the hosts that the domain's MTA-STS policy names", source}
        );
    }
    return requirement;
}

tls::TlsRequirement unknown_policy(const Standing& standing) {
    tls::TlsRequirement requirement;
    requirement.sources.emplace_back(source);
    requirement.forbidden.push_back(
        {tls::Refusal::Kind::domain_unknown,
         "whether the domain has an MTA-STS policy could not be found out" +
             (standing.trouble ? ": " + standing.trouble->text : std::string()),
         source}
    );
    return requirement;
}

tlsrpt::ResultType type_of(Kind kind) {
    switch (kind) {
        case Kind::bad_certificate:
            return tlsrpt::ResultType::sts_webpki_invalid;
        case Kind::bad_policy:
            return tlsrpt::ResultType::sts_policy_invalid;
        case Kind::dns_lookup:
        case Kind::no_record:
        case Kind::several_records:
        case Kind::broken_record:
        case Kind::no_policy_served:
        case Kind::cannot_fetch:
        case Kind::backing_off:
            break;
    }
    return tlsrpt::ResultType::sts_policy_fetch_error;
}

bool is_of_lookup(Kind kind) {
    return kind == Kind::dns_lookup || kind == Kind::no_record || kind == Kind::several_records ||
           kind == Kind::broken_record;
}

tlsrpt::FailureDetail detail_of(const Trouble& trouble, const std::optional<Policy>& cached) {
    tlsrpt::FailureDetail detail;
    detail.type = type_of(trouble.kind);
    detail.failure_reason_code = trouble.code.empty() ? text(trouble.kind) : trouble.code;
    detail.additional_information = trouble.text;
    // A policy of mode none asks for nothing, so a failed lookup does not matter.
    if (cached && (cached->mode != Mode::none || !is_of_lookup(trouble.kind)))
        detail.failure_reason_code += "+fallback-to-cached-policy";
    return detail;
}

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) {
        if (line.ends_with('\r')) line.pop_back();
        if (!line.empty()) lines.push_back(std::move(line));
    }
    return lines;
}

}  // namespace

std::string_view text(Trouble::Kind kind) noexcept {
    for (const auto& [known, word] : kinds) {
        if (known == kind) return word;
    }
    return {};
}

std::optional<Trouble::Kind> parse_trouble(std::string_view text) noexcept {
    for (const auto& [kind, word] : kinds) {
        if (word == text) return kind;
    }
    return std::nullopt;
}

tls::TlsDemand demand(
    const Standing& standing, const std::string& host, delivery::PolicyMode mode
) {
    using delivery::PolicyMode;
    tls::TlsDemand demand;
    if (mode == PolicyMode::off) return demand;
    bool enforced = mode != PolicyMode::watch;
    tls::TlsRequirement requirement;
    if (standing.unknown) {
        requirement = unknown_policy(standing);
    } else if (standing.policy && standing.policy->mode != Mode::none) {
        requirement = requirement_of(*standing.policy, host);
        enforced = enforced && standing.policy->mode == Mode::enforce;
    }
    (enforced ? demand.enforced : demand.watched) = std::move(requirement);
    return demand;
}

tlsrpt::Finding finding(const Standing& standing, const std::string& domain) {
    tlsrpt::Finding finding;
    finding.policy.domain = domain;
    if (standing.policy && standing.policy->mode != Mode::none) {
        finding.policy.type = tlsrpt::PolicyType::sts;
        finding.policy.strings = lines_of(standing.policy->text);
        finding.policy.mx_hosts = standing.policy->mx;
    } else if (standing.trouble && !standing.policy) {
        finding.policy.type = tlsrpt::PolicyType::sts;  // there seems to be one
    }
    if (standing.trouble && !(standing.policy && standing.trouble->kind == Kind::no_record &&
                              standing.policy->mode == Mode::none))
        finding.details.push_back(detail_of(*standing.trouble, standing.policy));
    return finding;
}

std::optional<bool> protects(const Standing& standing) {
    if (standing.policy) return standing.policy->mode == Mode::enforce;
    return standing.trouble ? std::nullopt : std::optional(false);
}

}  // namespace outpost::mta_sts
