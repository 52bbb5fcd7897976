// SPDX-License-Identifier: Apache-2.0
#include "core/domains/records/wanted.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/domains/records/spf.hpp"
#include "core/mail/authentication/organizational_domain.hpp"
#include "core/net/dns/reverse.hpp"
#include "core/net/tls/tlsa.hpp"

namespace outpost::domain_records {
namespace {

using dns::Type;

/// As a mailto URI (RFC 6068), with the separators of tags and lists percent-encoded.
std::string mailto(const mail::Address& address) {
    constexpr std::string_view plain = "-._~+@";
    std::string uri = "mailto:";
    for (const char c : address.wire()) {
        const bool letter_or_digit =
            (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (letter_or_digit || plain.find(c) != std::string_view::npos)
            uri += c;
        else
            uri += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
    return uri;
}

Records mx_of(const std::string& name, const std::vector<std::string>& hosts, const char* reason) {
    Records records;
    int preference = 0;
    for (const auto& host : hosts)
        records.push_back({name, Type::mx, fmt::format("{} {}.", preference += 10, host), reason});
    return records;
}

Record tls_reports_of(const std::string& name, const mail::Address& to, std::string reason) {
    return {"_smtp._tls." + name, Type::txt, "v=TLSRPTv1; rua=" + mailto(to), std::move(reason)};
}

void add_dmarc(Records& records, const Sender& sender) {
    const auto& [policy, reports] = sender.dmarc;
    std::string text = fmt::format("v=DMARC1; p={}", authentication::text(policy));
    if (!reports.is_null()) text += "; rua=" + mailto(reports);
    records.push_back(
        {"_dmarc." + sender.domain, Type::txt, std::move(text),
         "DMARC: what receivers do with mail that neither SPF nor DKIM shows to be the domain's"}
    );
    const auto consent = consent_name(sender);
    if (consent.empty()) return;
    records.push_back(
        {consent, Type::txt, "v=DMARC1", "DMARC: the other domain takes the reports about this one"}
    );
}

void add_dkim(Records& records, const Sender& sender) {
    for (const auto& [selector, key] : sender.dkim) {
        records.push_back(
            {fmt::format("{}._domainkey.{}", selector, sender.domain), Type::txt, key.record,
             key.signs ? "DKIM: the key that signatures are verified with"
                       : "DKIM: a key that will sign, or whose signatures may still be under way"}
        );
    }
}

void add_mta_sts(Records& records, const Sender& sender, const Host& host) {
    if (!sender.mta_sts) return;
    records.push_back(
        {"_mta-sts." + sender.domain, Type::txt, mta_sts_record(policy_text(*sender.mta_sts)),
         "MTA-STS: there is a policy, and whether it has changed"}
    );
    const auto policy_host = "mta-sts." + sender.domain;
    if (policy_host == host.name) return;
    records.push_back(
        {policy_host, Type::cname, host.name + ".",
         "MTA-STS: the web server that has the policy, with a certificate for this name"}
    );
}

void add_tlsa(Records& records, const Host& host) {
    for (const auto& name : host.receives) {
        for (const auto& key : host.keys) {
            records.push_back(
                {"_25._tcp." + name, Type::tlsa, tls::text(key),
                 "DANE: the keys that the host's certificates are made for; they count only where "
                 "the zone is signed"}
            );
        }
    }
}

void add_tls_reports(Records& records, const Host& host) {
    if (host.tls_reports.is_null()) return;
    for (const auto& name : host.receives) {
        records.push_back(
            tls_reports_of(name, host.tls_reports, "TLS reports about this host as an MX, by DANE")
        );
    }
}

void add_addresses(Records& records, const EhloName& ehlo, bool is_host) {
    // The host's own name must not lead to its proxies: nobody listens there.
    auto addresses = ehlo.addresses;
    if (!is_host) addresses.insert(addresses.end(), ehlo.proxies.begin(), ehlo.proxies.end());
    for (const auto& address : addresses) {
        const auto plain = net::without_mapping(address);
        records.push_back(
            {ehlo.name, plain.is_v4() ? Type::a : Type::aaaa, plain.to_string(),
             "The name in EHLO leads to the addresses that mail comes from; where nodes have names "
             "of their own, to those of the node"}
        );
    }
}

void add_pointers(Records& records, const EhloName& ehlo) {
    auto addresses = ehlo.addresses;
    addresses.insert(addresses.end(), ehlo.proxies.begin(), ehlo.proxies.end());
    for (const auto& address : addresses) {
        records.push_back(
            {dns::reverse_name(address), Type::ptr, ehlo.name + ".",
             "An address without a name, or with another one than in EHLO, looks like a robot's; "
             "whoever runs the network publishes it"}
        );
    }
}

void add_bounces(Records& records, const Host& host) {
    if (host.bounce_domain.empty()) return;
    const auto& receives = host.receives;
    const auto mx = mx_of(
        host.bounce_domain, receives.empty() ? std::vector{host.name} : receives,
        "Bounces come back to this host"
    );
    records.insert(records.end(), mx.begin(), mx.end());
    records.push_back(
        {host.bounce_domain, Type::txt, spf_of_domain(host.bounce_spf, host),
         "SPF: what may send with our return paths"}
    );
}

/// What a name has only once: its MX records are one set, and so are SPF and the other records that
/// begin with a version.
bool same_purpose(const Record& a, const Record& b) {
    if (a.name != b.name || a.type != b.type) return false;
    if (a.type == Type::txt) return a.value.substr(0, 6) == b.value.substr(0, 6);
    return a.type == Type::mx || a.value == b.value;
}

/// Those of `more` that `records` has no counterpart for.
void add_others(Records& records, const Records& more) {
    const Records before = records;
    for (const Record& record : more) {
        const bool known = std::any_of(before.begin(), before.end(), [&](const Record& other) {
            return same_purpose(record, other);
        });
        if (!known) records.push_back(record);
    }
}

}  // namespace

std::string consent_name(const Sender& sender) {
    using authentication::organizational_domain;
    const auto& takes_reports = sender.dmarc.reports.domain();
    const auto about = dns::Domain::parse(sender.domain);
    if (takes_reports.empty() || !about) return {};
    if (organizational_domain(takes_reports) == organizational_domain(*about)) return {};
    return fmt::format("{}._report._dmarc.{}", sender.domain, takes_reports.ascii());
}

Records records_of(const Sender& sender, const Host& host) {
    Records records = mx_of(sender.domain, sender.mx, "The domain's mail is received there");
    records.push_back(
        {sender.domain, Type::txt, spf_of_domain(sender.spf, host),
         "SPF: the addresses that the domain's mail may come from"}
    );
    add_dkim(records, sender);
    add_dmarc(records, sender);
    add_mta_sts(records, sender, host);
    if (!sender.tls_reports.is_null()) {
        records.push_back(tls_reports_of(
            sender.domain, sender.tls_reports, "TLS reports about the domain and its MTA-STS policy"
        ));
    }
    return records;
}

Records records_of(const Host& host) {
    Records records;
    add_bounces(records, host);
    Records of_names;
    for (const auto& ehlo : host.ehlo) {
        add_addresses(of_names, ehlo, ehlo.name == host.name);
        of_names.push_back(
            {ehlo.name, Type::txt, spf_of_ehlo(ehlo, host),
             "SPF: bounces, which have no sender, are checked by the name in EHLO"}
        );
    }
    add_tlsa(of_names, host);
    add_tls_reports(of_names, host);
    for (const auto& ehlo : host.ehlo)
        add_pointers(of_names, ehlo);
    add_others(records, of_names);
    return records;
}

Records all_records(const Sender& sender, const Host& host) {
    Records records = records_of(sender, host);
    add_others(records, records_of(host));
    return records;
}

}  // namespace outpost::domain_records
