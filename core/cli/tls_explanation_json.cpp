// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include "core/cli/tls_explanation_words.hpp"
#include "core/foundation/base/log.hpp"

namespace outpost::cli {
namespace {

using nlohmann::json;

json of_failure(const dns::Failure& failure) {
    return {
        {"text", log::printable(failure.text)},
        {"dnssec", failure.is_dnssec()},
        {"extended_error", failure.reason_code()}
    };
}

json of_verdict(const delivery::NoNextHop& none) {
    json out = {
        {"status", none.verdict.status().text()}, {"reason", log::printable(none.verdict.words())}
    };
    if (none.failure) out["dns"] = of_failure(*none.failure);
    return out;
}

json of_requirement(const tls::TlsRequirement& requirement) {
    return {{"summary", requirement.describe()}, {"sources", requirement.sources}};
}

json of_decision(const delivery::TlsPlan& plan) {
    json out = {
        {"policy", plan.policy},
        {"enforced", of_requirement(plan.demand.enforced)},
        {"watched", of_requirement(plan.demand.watched)},
        {"in_clear_if_tls_fails", plan.may_fall_back() && !plan.refused},
        {"refused", nullptr}
    };
    if (plan.refused)
        out["refused"] = {
            {"status", plan.refused->status().text()}, {"reason", plan.refused->reason()}
        };
    return out;
}

json of_mta_sts(const TlsExplanation& all) {
    json out = {
        {"mode", words::mode(all.mta_sts)},
        {"record", nullptr},
        {"policy", nullptr},
        {"trouble", json::array()}
    };
    if (all.sts_record) {
        if (!*all.sts_record) {
            out["record"] = {{"error", of_failure(all.sts_record->error())}};
        } else {
            out["record"] = json::array();
            for (const dns::Record& record : (*all.sts_record)->records)
                out["record"].push_back(log::printable(record.text));
        }
    }
    for (const tlsrpt::Finding& finding : all.sts_found) {
        if (!words::sts_origin(all).empty()) {
            out["policy"] = {
                {"from", words::sts_origin(all)},
                {"lines", finding.policy.strings},
                {"mx", finding.policy.mx_hosts},
                {"valid_until", words::utc(all.sts_entry.valid_until)}
            };
        }
        for (const auto& trouble : finding.details)
            out["trouble"].push_back(
                {{"result_type", tlsrpt::text(trouble.type)},
                 {"reason_code", trouble.failure_reason_code},
                 {"text", log::printable(trouble.additional_information)}}
            );
    }
    return out;
}

json of_tlsa(const HostExplanation& host) {
    if (!host.tlsa) return {{"asked", false}, {"why", host.tlsa_name}};
    json out = {{"asked", true}, {"name", host.tlsa_name}, {"records", json::array()}};
    if (!*host.tlsa) {
        out["error"] = of_failure(host.tlsa->error());
        return out;
    }
    out["security"] = dns::text((*host.tlsa)->security);
    for (const words::TlsaLine& line : words::tlsa_lines(**host.tlsa))
        out["records"].push_back({{"record", line.record}, {"usable", line.usable}});
    return out;
}

json of_certificate(const tls::CertificateFacts& one) {
    return {
        {"subject", log::printable(one.subject)},
        {"issuer", log::printable(one.issuer)},
        {"not_before", words::utc(one.not_before)},
        {"not_after", words::utc(one.not_after)},
        {"names", one.names},
        {"public_key_sha256", one.public_key_sha256}
    };
}

json of_probe(const HostExplanation& host) {
    const TlsProbe& probe = *host.probe;
    json out = {{"ip", probe.ip}, {"good_enough", words::unmet(host).empty()}, {"tls", nullptr}};
    if (!words::unmet(host).empty()) out["why_not"] = log::printable(words::unmet(host));
    if (!probe.trouble.empty()) return out;
    out["greeting"] = log::printable(probe.seen.helo);
    out["starttls_offered"] = probe.seen.starttls_offered;
    out["requiretls_offered"] = probe.seen.requiretls_offered;
    if (probe.seen.failure) out["failure"] = log::printable(probe.seen.failure->reason);
    if (!probe.seen.reached) return out;
    const tls::TlsFacts& reached = *probe.seen.reached;
    out["tls"] = {
        {"version", reached.version},
        {"cipher", reached.cipher},
        {"pkix",
         {{"verified", reached.pkix_verified}, {"error", log::printable(reached.pkix_error)}}},
        {"dane", nullptr},
        {"chain", json::array()}
    };
    if (reached.dane_verified)
        out["tls"]["dane"] = {
            {"verified", *reached.dane_verified},
            {"record", reached.dane_record},
            {"error", log::printable(reached.dane_error)}
        };
    if (reached.watched) out["tls"]["would_have_failed"] = log::printable(reached.watched->reason);
    for (const tls::CertificateFacts& one : probe.chain)
        out["tls"]["chain"].push_back(of_certificate(one));
    return out;
}

json of_host(const HostExplanation& host) {
    const delivery::MxHost& mx = host.survey.host;
    json out = {
        {"name", mx.name},
        {"preference", mx.preference},
        {"mx_secure", mx.secure},
        {"addresses_secure", mx.addresses_secure},
        {"addresses", json::array()}
    };
    if (!host.survey.addresses) {
        out["error"] = of_verdict(host.survey.addresses.error());
        return out;
    }
    for (const auto& address : host.survey.addresses->addresses)
        out["addresses"].push_back(address.to_string());
    out["alias_of"] = mx.expanded != mx.name ? json(mx.expanded) : json(nullptr);
    out["tlsa"] = of_tlsa(host);
    for (const auto& [wish, key, name] : words::wishes)
        out["decision"][key] = of_decision(delivery::decide_tls(wish, host.survey.plan.demand));
    out["probe"] = host.probe ? of_probe(host) : json(nullptr);
    return out;
}

}  // namespace

json to_json(const TlsExplanation& all) {
    json out = {
        {"domain", all.domain},
        {"deliverable", is_deliverable(all)},
        {"dane", {{"mode", words::mode(all.dane)}}},
        {"mta_sts", of_mta_sts(all)},
        {"hosts", json::array()}
    };
    if (all.hops)
        out["mx"] = {
            {"security", dns::text(all.hops->security)}, {"implicit", all.hops->implicit_mx}
        };
    else
        out["mx"] = {{"error", of_verdict(all.hops.error())}};
    for (const HostExplanation& host : all.hosts)
        out["hosts"].push_back(of_host(host));
    return out;
}

}  // namespace outpost::cli
