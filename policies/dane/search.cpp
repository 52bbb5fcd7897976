// SPDX-License-Identifier: Apache-2.0
#include "policies/dane/search.hpp"

#include <algorithm>
#include <optional>

#include "core/net/tls/tlsa.hpp"

namespace outpost::dane {
namespace {

std::vector<tls::TlsaRecord> usable_of(const std::vector<dns::Record>& records) {
    std::vector<tls::TlsaRecord> usable;
    for (const dns::Record& record : records) {
        const auto parsed = tls::parse_tlsa(record.text);
        if (parsed && tls::is_usable(*parsed)) usable.push_back(*parsed);
    }
    return usable;
}

/// Whether the first step away from the host's name is secure, though a later one is not.
awaitable<Result<bool, dns::Failure>> has_secure_alias(
    dns::Resolver& resolver, const delivery::MxHost& host, Deadline deadline
) {
    const bool matters = host.secure && !host.addresses_secure && host.expanded != host.name;
    if (!matters) co_return false;
    dns::Question question{host.name, dns::Type::cname};
    const auto answer = co_await resolver.query(std::move(question), deadline);
    if (!answer) co_return Err{answer.error()};
    co_return answer->security == dns::Security::secure && !answer->records.empty();
}

/// Where the records of `base` are; nothing when that would be no domain name, so that there are
/// none.
std::optional<std::string> place_of_records(const std::string& base) {
    constexpr std::size_t longest_name = 253;
    std::string name = "_25._tcp." + base;
    if (name.size() > longest_name) return std::nullopt;
    return name;
}

}  // namespace

std::vector<std::string> base_domains(
    const delivery::MxHost& host, const std::string& recipient_domain, bool alias_secure
) {
    std::vector<std::string> names;
    const auto add = [&names](const std::string& name) {
        const bool known = std::find(names.begin(), names.end(), name) != names.end();
        if (!name.empty() && !known) names.push_back(name);
    };
    if (!host.secure) return names;
    if (host.addresses_secure) add(host.expanded);
    if (host.addresses_secure || alias_secure) add(host.name);
    // Without MX the domain itself is the host, and `name` is where its aliases end.
    if (host.implicit && !names.empty()) add(recipient_domain);
    return names;
}

awaitable<Finding> search(
    dns::Resolver& resolver, const delivery::MxHost& host, const std::string& recipient_domain,
    Deadline deadline
) {
    const auto alias_secure = co_await has_secure_alias(resolver, host, deadline);
    if (!alias_secure) co_return Finding{host.name, {}, alias_secure.error(), {}};
    for (const std::string& base : base_domains(host, recipient_domain, *alias_secure)) {
        const auto place = place_of_records(base);
        if (!place) continue;
        dns::Question question{*place, dns::Type::tlsa};
        const auto answer = co_await resolver.query(std::move(question), deadline);
        if (!answer) co_return Finding{base, {}, answer.error(), {}};
        const bool counts = answer->security == dns::Security::secure && !answer->records.empty();
        if (!counts) continue;
        auto names = reference_names(base, host.name, recipient_domain, host.mail_domain);
        co_return Finding{base, usable_of(answer->records), std::nullopt, std::move(names)};
    }
    co_return Finding{};
}

}  // namespace outpost::dane
