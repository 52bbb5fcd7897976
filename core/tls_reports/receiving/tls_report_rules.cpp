// SPDX-License-Identifier: Apache-2.0
#include "core/tls_reports/receiving/tls_report_rules.hpp"

#include <fmt/format.h>
#include <asio/ip/network_v4.hpp>
#include <asio/ip/network_v6.hpp>

#include "core/foundation/base/crypto.hpp"
#include "core/foundation/base/encoding.hpp"
#include "core/mail/authentication/organizational_domain.hpp"
#include "core/mail/tlsrpt/gzip.hpp"
#include "core/mail/tlsrpt/report.hpp"

namespace outpost::tls_report_receiving {
namespace {

using Kind = ReportOutcome::Kind;
using authentication::organizational_domain;
using dkim::SignatureResult;

constexpr std::int64_t mebibyte = 1024 * 1024;

bool speaks_for(const dns::Domain& signer, const dns::Domain& author) {
    return signer == author || (author.is_below(signer) &&
                                organizational_domain(signer) == organizational_domain(author));
}

/// What a signature lacks; the later, the better it is.
enum class Lack { pass, author, whole_body, service, nothing };

ReportOutcome refusal(Lack lack, const dns::Domain& author) {
    switch (lack) {
        case Lack::author:
            return {
                Kind::not_signed, "5.7.22",
                fmt::format(
                    "no DKIM signature that passes is of {}, the author's domain", author.ascii()
                )
            };
        case Lack::whole_body:
            return {Kind::not_signed, "5.7.21", "the DKIM signature of a report may have no l="};
        case Lack::service:
            return {
                Kind::not_signed, "5.7.21", "the DKIM key's service list (s=) does not allow tlsrpt"
            };
        default:
            return {
                Kind::not_signed, "5.7.20",
                "a report needs a DKIM signature that passes (RFC 8460 section 3)"
            };
    }
}

Lack lack_of(const SignatureResult& signature, const dns::Domain& author) {
    const bool good = signature.passed() || signature.only_for_others;
    if (!good || signature.testing || !signature.signature) return Lack::pass;
    if (!speaks_for(signature.signature->domain, author)) return Lack::author;
    if (signature.signature->body_length) return Lack::whole_body;
    return signature.passed_for("tlsrpt") ? Lack::nothing : Lack::service;
}

bool may_pass_later(const SignatureResult& signature, const dns::Domain& author) {
    return signature.status == dkim::Status::temperror && signature.signature &&
           speaks_for(signature.signature->domain, author);
}

/// The name of a policy domain as it is compared; empty: it is none.
std::string canonical(const std::string& name) {
    const auto domain = dns::Domain::parse(name);
    return domain ? domain->ascii() : std::string();
}

ReportedPolicy reported(tlsrpt::Result result) {
    ReportedPolicy policy;
    policy.policy = std::move(result.policy);
    policy.successes = result.successes;
    policy.failures = result.failures;
    for (auto& detail : result.details) {
        std::string type(text(detail.type));
        policy.details.push_back({std::move(type), std::move(detail)});
    }
    return policy;
}

/// What the report says of our domains and hosts.
std::vector<ReportedPolicy> within(const ReportScope& scope, tlsrpt::ReceivedReport received) {
    auto& results = received.report.policies;
    std::vector<ReportedPolicy> all;
    all.reserve(results.size());
    for (auto& result : results)
        all.push_back(reported(std::move(result)));
    for (auto& unknown : received.unknown)
        all[unknown.policy].details.push_back({std::move(unknown.type), std::move(unknown.detail)});
    std::vector<ReportedPolicy> ours;
    for (auto& policy : all) {
        auto name = canonical(policy.policy.domain);
        const bool of_domain = scope.domains.contains(name);
        if (!of_domain && !scope.hosts.contains(name)) continue;
        policy.of_host = !of_domain;
        policy.policy.domain = std::move(name);
        ours.push_back(std::move(policy));
    }
    return ours;
}

std::string id_of(const std::string& named, const std::string& json) {
    if (!named.empty()) return named;
    return "sha256:" + hex_encode(crypto::digest(crypto::Hash::sha256, json));
}

std::string network_of(const net::IpAddress& client) {
    const auto address = net::without_mapping(client);
    if (address.is_v4())
        return asio::ip::make_network_v4(address.to_v4(), 24).canonical().to_string();
    return asio::ip::make_network_v6(address.to_v6(), 48).canonical().to_string();
}

}  // namespace

std::string_view text(Kind kind) noexcept {
    switch (kind) {
        case Kind::stored:
            return "stored";
        case Kind::duplicate:
            return "duplicate";
        case Kind::not_signed:
            return "not-signed";
        case Kind::no_answer:
            return "no-answer";
        case Kind::unreadable:
            return "unreadable";
        case Kind::too_large:
            return "too-large";
        case Kind::not_ours:
            return "not-ours";
        case Kind::over_quota:
            return "over-quota";
    }
    return "";
}

Result<dns::Domain, ReportOutcome> report_author(const authentication::Verdicts& verdicts) {
    const dns::Domain& author = verdicts.dmarc.from;
    if (author.empty()) {
        return Err{ReportOutcome{
            Kind::not_signed, "5.7.22", "a report needs one From field, of one domain"
        }};
    }
    Lack least = Lack::pass;
    bool later = false;
    for (const SignatureResult& signature : verdicts.dkim) {
        least = std::max(least, lack_of(signature, author));
        later = later || may_pass_later(signature, author);
    }
    if (least == Lack::nothing) return author;
    if (later) {
        return Err{ReportOutcome{
            Kind::no_answer, "4.7.5", "the key of the DKIM signature cannot be looked up"
        }};
    }
    return Err{refusal(least, author)};
}

Result<TlsReport, ReportOutcome> read_report(const std::string& json, const ReportScope& scope) {
    auto received = tlsrpt::parse_report(json);
    if (!received) return Err{ReportOutcome{Kind::unreadable, "5.6.0", received.error()}};
    tlsrpt::Report& report = received->report;
    TlsReport kept;
    kept.report_id = id_of(report.report_id, json);
    kept.organization = std::move(report.organization_name);
    kept.contact = std::move(report.contact_info);
    kept.begin = report.begin;
    kept.end = report.end;
    kept.policies = within(scope, std::move(*received));
    if (kept.policies.empty()) {
        return Err{
            ReportOutcome{Kind::not_ours, "5.7.1", "none of its policy domains is one of ours"}
        };
    }
    kept.octets = static_cast<std::int64_t>(json.size());
    kept.json_gzip = tlsrpt::gzip(json);
    return kept;
}

std::vector<ReportQuota> mail_quotas(const dns::Domain& author) {
    return {{"mail:" + organizational_domain(author).ascii(), 1000, 100 * mebibyte}};
}

std::vector<ReportQuota> https_quotas(const net::IpAddress& client) {
    return {{"https:" + network_of(client), 100, 20 * mebibyte}, {"https:", 2000, 200 * mebibyte}};
}

}  // namespace outpost::tls_report_receiving
