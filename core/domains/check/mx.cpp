// SPDX-License-Identifier: Apache-2.0
#include "core/domains/check/mx.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "core/foundation/base/encoding.hpp"
#include "core/net/dns/watched_resolver.hpp"
#include "core/net/http_client/public_address.hpp"

namespace outpost::domain_check {
namespace {

std::vector<std::string> values_of(const dns::Answer& answer) {
    std::vector<std::string> values;
    for (const auto& record : answer.records)
        values.push_back(fmt::format("{} {}.", record.preference, record.text));
    return values;
}

bool is_null_mx(const dns::Answer& answer) {
    return answer.records.size() == 1 && answer.records.front().text.empty();
}

bool names(const dns::Answer& answer, const std::string& host) {
    return std::any_of(answer.records.begin(), answer.records.end(), [&](const auto& record) {
        return iequals(record.text, host);
    });
}

bool has(const std::vector<std::string>& hosts, const std::string& name) {
    return std::any_of(hosts.begin(), hosts.end(), [&](const auto& host) {
        return iequals(host, name);
    });
}

bool has(const std::vector<net::IpAddress>& addresses, const net::IpAddress& address) {
    return std::any_of(addresses.begin(), addresses.end(), [&](const auto& one) {
        return net::without_mapping(one) == net::without_mapping(address);
    });
}

std::string joined(const std::vector<net::IpAddress>& addresses) {
    std::vector<std::string> texts;
    for (const auto& address : addresses)
        texts.push_back(address.to_string());
    return fmt::format("{}", fmt::join(texts, ", "));
}

Subject about_host(const std::string& host, const AddressLookup& found) {
    Subject about{Topic::mx, host, found.security(), {}};
    for (const auto& address : found.addresses())
        about.found.push_back(address.to_string());
    return about;
}

/// What is wrong with a mail exchanger, ours or not.
Findings faults_of(const std::string& host, const AddressLookup& found) {
    Findings findings;
    const auto about = about_host(host, found);
    if (found.is_alias()) {
        findings.push_back(problem(
            Grade::wrong, about, "the mail exchanger is an alias (CNAME), which it must not be",
            "name in the MX record what the alias leads to, or give it addresses of its own"
        ));
    }
    if (const auto* failure = found.failure()) {
        findings.push_back(no_answer(Topic::mx, host, *failure));
    } else if (about.found.empty()) {
        findings.push_back(problem(
            Grade::missing, about, "the mail exchanger has no address: no mail can be received",
            "publish its A and AAAA records"
        ));
    }
    return findings;
}

void add_foreign(
    Findings& findings, const Subject& about, const AddressLookup& found,
    const std::vector<net::IpAddress>& ours
) {
    auto foreign = found.addresses();
    std::erase_if(foreign, [&](const auto& address) { return has(ours, address); });
    if (foreign.empty()) return;
    // An address that is translated on its way to us is not on our interfaces.
    const bool may_be_translated = std::none_of(ours.begin(), ours.end(), http_client::is_public);
    findings.push_back(problem(
        may_be_translated ? Grade::warning : Grade::wrong, about,
        fmt::format("{} is not known to be an address of ours", joined(foreign)),
        "correct the A and AAAA records, or add the address to 'outgoing_addresses' if one of our "
        "nodes has it"
    ));
}

}  // namespace

std::vector<net::IpAddress> AddressLookup::addresses() const {
    std::vector<net::IpAddress> all;
    for (const auto* lookup : {&v4, &v6}) {
        if (!*lookup) continue;
        for (const auto& record : (*lookup)->records) {
            asio::error_code error;
            const auto address = asio::ip::make_address(record.text, error);
            if (!error) all.push_back(address);
        }
    }
    return all;
}

const dns::Failure* AddressLookup::failure() const {
    for (const auto* lookup : {&v4, &v6}) {
        if (!*lookup) return &lookup->error();
    }
    return nullptr;
}

bool AddressLookup::is_alias() const {
    return (v4 && v4->followed_cname) || (v6 && v6->followed_cname);
}

std::optional<dns::Security> AddressLookup::security() const {
    if (v4 && v6) return dns::weaker(v4->security, v6->security);
    if (v4) return v4->security;
    if (v6) return v6->security;
    return std::nullopt;
}

Findings judge_mx(
    const std::string& domain, const std::vector<std::string>& hosts, const Lookup& answer
) {
    if (!answer) return {no_answer(Topic::mx, domain, answer.error())};
    const auto about = subject(Topic::mx, domain, *answer, values_of(*answer));
    if (is_null_mx(*answer)) {
        return {problem(
            Grade::wrong, about, "a null MX (RFC 7505): the domain receives no mail at all",
            "publish MX records for the hosts that receive", fmt::format("10 {}.", hosts.front())
        )};
    }
    Findings findings;
    for (const auto& host : hosts) {
        if (names(*answer, host)) continue;
        const auto why = answer->records.empty() ? absence(*answer) : "the MX records name others";
        findings.push_back(problem(
            Grade::missing, about, fmt::format("{} is to receive: {}", host, why),
            "publish the record", fmt::format("10 {}.", host)
        ));
    }
    for (const auto& record : answer->records) {
        if (has(hosts, record.text)) continue;
        findings.push_back(problem(
            Grade::wrong, about, fmt::format("{} would receive, too", record.text),
            fmt::format("take the record away, or add the host to 'mx' of {}", domain)
        ));
    }
    if (findings.empty())
        findings.push_back(ok(about, fmt::format("{}", fmt::join(about.found, ", "))));
    return findings;
}

Findings judge_mx_host(const std::string& host, const AddressLookup& found) {
    auto findings = faults_of(host, found);
    if (findings.empty())
        findings.push_back(ok(about_host(host, found), joined(found.addresses())));
    return findings;
}

Findings judge_own_mx_host(
    const std::string& host, const AddressLookup& found, const std::vector<net::IpAddress>& ours
) {
    auto findings = faults_of(host, found);
    add_foreign(findings, about_host(host, found), found, ours);
    if (findings.empty())
        findings.push_back(ok(about_host(host, found), joined(found.addresses()) + ": ours"));
    return findings;
}

}  // namespace outpost::domain_check
