// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "core/cli/tls_explanation_words.hpp"
#include "core/foundation/base/log.hpp"

namespace outpost::cli {
namespace {

using delivery::TlsPlan;

/// Lines of "name    words", the name in a column of its own.
class Lines {
  public:
    void add(int depth, std::string_view name, std::string_view words) {
        text_ += fmt::format("{:{}}{:<{}}{}\n", "", 2 * depth, name, 18 - 2 * depth, words);
    }
    void title(std::string_view words) { text_ += std::string(words) + "\n"; }
    std::string text() && { return std::move(text_); }

  private:
    std::string text_;
};

std::string joined(const std::vector<std::string>& parts) {
    std::string out;
    for (const std::string& part : parts)
        out += (out.empty() ? "" : ", ") + part;
    return out;
}

std::string why(const dns::Failure& failure) {
    const std::string code = failure.reason_code();
    return log::printable(failure.text) + (code.empty() ? "" : " (" + code + ")");
}

/// "opportunistic, in clear if TLS fails", "dane+pkix(mx.example.org), by dane, mta-sts".
std::string decision(const TlsPlan& plan) {
    if (plan.refused)
        return "not used: " + plan.refused->reason() + " (" + plan.refused->status().text() + ")";
    std::string out = plan.demand.enforced.describe();
    if (!plan.policy.empty()) out += ", by " + plan.policy;
    if (plan.may_fall_back()) out += ", in clear if TLS fails";
    const tls::TlsRequirement& watched = plan.demand.watched;
    if (!watched.sources.empty()) out += "; watched: " + watched.describe();
    return out;
}

void add_mta_sts(Lines& lines, const TlsExplanation& all) {
    lines.add(1, "MTA-STS", words::mode(all.mta_sts) + " by configuration");
    if (all.sts_record) {
        if (!*all.sts_record) {
            lines.add(2, "record", "unknown: " + why(all.sts_record->error()));
        } else if ((*all.sts_record)->records.empty()) {
            lines.add(2, "record", "none");
        }
        if (*all.sts_record) {
            for (const dns::Record& record : (*all.sts_record)->records)
                lines.add(2, "record", log::printable(record.text));
        }
    }
    const std::string origin = words::sts_origin(all);
    for (const tlsrpt::Finding& finding : all.sts_found) {
        if (!origin.empty()) {
            lines.add(
                2, "policy",
                (all.sts_fetched ? "fetched now" : "from the cache") +
                    std::string(", valid until ") + words::utc(all.sts_entry.valid_until)
            );
            lines.add(2, "", log::printable(joined(finding.policy.strings)));
        }
        for (const auto& trouble : finding.details)
            lines.add(
                2, "trouble",
                log::printable(
                    std::string(tlsrpt::text(trouble.type)) + " " + trouble.failure_reason_code +
                    (trouble.additional_information.empty() ? ""
                                                            : ": " + trouble.additional_information)
                )
            );
    }
    if (origin.empty() && all.mta_sts != delivery::PolicyMode::off)
        lines.add(2, "policy", "none in force");
}

void add_tlsa(Lines& lines, const HostExplanation& host) {
    if (!host.tlsa) {
        lines.add(2, "TLSA", "not asked for: " + host.tlsa_name);
        return;
    }
    if (!*host.tlsa) {
        lines.add(2, "TLSA", host.tlsa_name + ": " + why(host.tlsa->error()));
        return;
    }
    const dns::Answer& answer = **host.tlsa;
    lines.add(
        2, "TLSA",
        fmt::format(
            "{} {}{}", host.tlsa_name, dns::text(answer.security),
            answer.records.empty() ? ", none" : ""
        )
    );
    for (const words::TlsaLine& line : words::tlsa_lines(answer))
        lines.add(2, "", line.record + (line.usable ? "" : " (not usable in SMTP)"));
}

void add_certificate(Lines& lines, const tls::CertificateFacts& one) {
    lines.add(3, "certificate", log::printable(one.subject));
    lines.add(3, "  issuer", log::printable(one.issuer));
    lines.add(3, "  valid", words::utc(one.not_before) + " to " + words::utc(one.not_after));
    if (!one.names.empty()) lines.add(3, "  for", log::printable(joined(one.names)));
    lines.add(3, "  key SHA-256", one.public_key_sha256);
}

void add_probe(Lines& lines, const HostExplanation& host) {
    const TlsProbe& probe = *host.probe;
    if (!probe.trouble.empty()) {
        lines.add(2, "session", log::printable(probe.ip + ": " + probe.trouble));
        return;
    }
    lines.add(2, "session", log::printable(probe.ip + ", " + probe.seen.helo));
    if (!probe.seen.reached) {
        lines.add(
            3, "TLS",
            probe.seen.failure ? log::printable(probe.seen.failure->reason) : "not offered"
        );
        return;
    }
    const tls::TlsFacts& reached = *probe.seen.reached;
    lines.add(3, "TLS", reached.version + ", " + reached.cipher);
    for (const tls::CertificateFacts& one : probe.chain)
        add_certificate(lines, one);
    lines.add(3, "PKIX", reached.pkix_verified ? "verified" : log::printable(reached.pkix_error));
    if (!reached.dane_verified)
        lines.add(3, "DANE", "no records to match");
    else
        lines.add(
            3, "DANE",
            *reached.dane_verified ? "matched " + reached.dane_record
                                   : log::printable(reached.dane_error)
        );
    lines.add(3, "REQUIRETLS", probe.seen.requiretls_offered ? "announced" : "not announced");
    const std::string unmet = words::unmet(host);
    lines.add(3, "verdict", unmet.empty() ? "good enough" : "not good enough: " + unmet);
    if (reached.watched) lines.add(3, "", "would have failed: " + reached.watched->reason);
}

void add_host(Lines& lines, const HostExplanation& host) {
    const delivery::MxHost& mx = host.survey.host;
    lines.add(1, fmt::format("{} {}", mx.preference, mx.name), "");
    if (!host.survey.addresses) {
        lines.add(2, "addresses", log::printable(host.survey.addresses.error().verdict.words()));
        return;
    }
    std::vector<std::string> addresses;
    for (const auto& address : host.survey.addresses->addresses)
        addresses.push_back(address.to_string());
    lines.add(
        2, "addresses",
        joined(addresses) + (mx.addresses_secure ? ", secure" : ", not secure") +
            (mx.expanded != mx.name ? ", an alias of " + mx.expanded : "")
    );
    add_tlsa(lines, host);
    for (const auto& [wish, key, name] : words::wishes)
        lines.add(
            2, name, log::printable(decision(delivery::decide_tls(wish, host.survey.plan.demand)))
        );
    if (host.probe) add_probe(lines, host);
}

}  // namespace

std::string to_text(const TlsExplanation& all) {
    Lines lines;
    lines.title(all.domain);
    if (!all.hops) {
        lines.add(1, "MX", log::printable(all.hops.error().verdict.words()));
        if (all.hops.error().failure) lines.add(1, "", why(*all.hops.error().failure));
    } else {
        lines.add(
            1, "MX",
            std::string(dns::text(all.hops->security)) +
                (all.hops->implicit_mx ? ", none: the domain itself takes mail" : "")
        );
    }
    lines.add(1, "DANE", words::mode(all.dane) + " by configuration");
    add_mta_sts(lines, all);
    for (const HostExplanation& host : all.hosts)
        add_host(lines, host);
    return std::move(lines).text();
}

}  // namespace outpost::cli
