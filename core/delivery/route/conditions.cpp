// SPDX-License-Identifier: Apache-2.0
#include "core/delivery/route/conditions.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "core/foundation/base/encoding.hpp"
#include "core/foundation/base/safe_text.hpp"
#include "core/foundation/base/sequence.hpp"

namespace outpost::route {
namespace {

/// A value from the message, for a trace that is stored and shown.
std::string shown(std::string_view value) {
    constexpr std::size_t max_octets = 120;
    if (value.empty()) return "(none)";
    return safe_text(value, Charset::utf8, max_octets);
}

std::string shown(const dns::Domain& domain) {
    return domain.empty() ? "(no domain)" : domain.unicode();
}

/// "a, b, c and 7 more": lists in a configuration can be long, traces must not be.
std::string shown(const std::vector<std::string>& list) {
    constexpr std::size_t max_entries = 5;
    const auto count = std::min(list.size(), max_entries);
    std::string out = fmt::format(
        "{}", fmt::join(list.begin(), list.begin() + static_cast<std::ptrdiff_t>(count), ", ")
    );
    if (count < list.size()) out += fmt::format(" and {} more", list.size() - count);
    return out;
}

std::vector<std::string> texts(const std::vector<DomainPattern>& patterns) {
    std::vector<std::string> out;
    for (const auto& pattern : patterns)
        out.push_back(pattern.text());
    return out;
}

/// Why `domain` is not matched by the list: an exclusion, or nothing that covers it.
std::string domain_failure(const std::vector<DomainPattern>& list, const dns::Domain& domain) {
    for (const auto& pattern : list) {
        if (pattern.negated() && pattern.covers(domain)) {
            return fmt::format("{} is excluded by {}", shown(domain), pattern.text());
        }
    }
    return fmt::format("{} is not covered by {}", shown(domain), shown(texts(list)));
}

std::string check_domain(
    std::string_view name, const std::vector<DomainPattern>& list, const dns::Domain& domain
) {
    if (matches(list, domain)) return {};
    return fmt::format("{}: {}", name, domain_failure(list, domain));
}

std::string check_account(const Route& route, const Facts& facts) {
    if (route.accounts.empty() || contains(route.accounts, facts.account)) return {};
    return fmt::format("account: {} is not among {}", shown(facts.account), shown(route.accounts));
}

/// Senders are written in lower case, as whole addresses or "@domain", with A-labels or U-labels.
bool sender_matches(const std::string& wanted, const mail::Address& sender) {
    if (sender.is_null()) return wanted == "<>";
    if (wanted.starts_with('@')) {
        const auto domain = std::string_view(wanted).substr(1);
        return !sender.domain().empty() &&
               (domain == sender.domain().ascii() || domain == sender.domain().unicode());
    }
    return wanted == to_lower(sender.wire()) || wanted == to_lower(sender.unicode());
}

std::string check_sender(const Route& route, const Facts& facts) {
    const auto& senders = route.senders;
    const bool found = std::any_of(senders.begin(), senders.end(), [&](const auto& wanted) {
        return sender_matches(wanted, facts.sender);
    });
    if (senders.empty() || found) return {};
    return fmt::format(
        "sender: {} is not among {}", facts.sender.is_null() ? "<>" : shown(facts.sender.unicode()),
        shown(senders)
    );
}

std::string check_attempts(const Route& route, const Facts& facts) {
    if (route.min_attempts && facts.attempts < *route.min_attempts) {
        return fmt::format(
            "attempts: {} made so far, at least {} wanted", facts.attempts, *route.min_attempts
        );
    }
    if (route.max_attempts && facts.attempts > *route.max_attempts) {
        return fmt::format(
            "attempts: {} made so far, at most {} wanted", facts.attempts, *route.max_attempts
        );
    }
    return {};
}

/// "4.7" is wanted for "4.7.1", but not for "4.70.1".
bool status_begins_with(std::string_view status, std::string_view wanted) {
    return !wanted.empty() && status.starts_with(wanted) &&
           (status.size() == wanted.size() || status[wanted.size()] == '.');
}

std::string check_last_error(const Route& route, const Facts& facts) {
    const auto kind = delivery::to_string(facts.last_error);
    const auto& wanted = route.last_errors;
    const bool found = std::any_of(wanted.begin(), wanted.end(), [&](const auto& entry) {
        return entry == kind || status_begins_with(facts.last_status, entry);
    });
    if (wanted.empty() || found) return {};
    if (facts.last_error == delivery::ErrorKind::none && facts.last_status.empty()) {
        return fmt::format("last_error: there was none, wanted {}", shown(wanted));
    }
    return fmt::format(
        "last_error: {} {} is not among {}", kind, shown(facts.last_status), shown(wanted)
    );
}

std::string check_size(const Route& route, const Facts& facts) {
    if (route.min_size && facts.size < *route.min_size) {
        return fmt::format("size: {} octets, at least {} wanted", facts.size, *route.min_size);
    }
    if (route.max_size && facts.size > *route.max_size) {
        return fmt::format("size: {} octets, at most {} wanted", facts.size, *route.max_size);
    }
    return {};
}

std::string check_header(const Route& route, const Facts& facts) {
    if (!route.header) return {};
    const auto& wanted = *route.header;
    if (!facts.header) return fmt::format("header: {} is not known here", wanted.name);
    const auto value = facts.header(wanted.name);
    if (!value) return fmt::format("header: the message has no {}", wanted.name);
    if (to_lower(*value).find(to_lower(wanted.contains)) != std::string::npos) return {};
    return fmt::format(
        "header: {} \"{}\" does not contain \"{}\"", wanted.name, shown(*value), wanted.contains
    );
}

std::string check_tag(const Route& route, const Facts& facts) {
    if (route.tags.empty() || contains(route.tags, facts.tag)) return {};
    return fmt::format("tag: {} is not among {}", shown(facts.tag), shown(route.tags));
}

/// Holds when one MX host is covered and none is excluded.
std::string check_mx(const Route& route, const Facts& facts) {
    const auto& patterns = route.mx_suffixes;
    if (patterns.empty()) return {};
    const bool literal = facts.recipient.domain().empty();
    if (!facts.mx_hosts && !literal) return std::string(mx_unknown);
    if (literal || facts.mx_hosts->empty())
        return fmt::format("mx: {} has no MX host", shown(facts.recipient.domain()));
    bool one_matches = false;
    for (const auto& name : *facts.mx_hosts) {
        const auto host = dns::Domain::parse(name);
        if (!host) continue;
        const bool excluded =
            std::any_of(patterns.begin(), patterns.end(), [&](const auto& pattern) {
                return pattern.negated() && pattern.covers(*host);
            });
        if (excluded) return "mx: " + domain_failure(patterns, *host);
        one_matches = one_matches || matches(patterns, *host);
    }
    if (one_matches) return {};
    return fmt::format(
        "mx: none of {} is covered by {}", shown(*facts.mx_hosts), shown(texts(patterns))
    );
}

}  // namespace

std::string failed_condition(const Route& route, const Facts& facts) {
    if (auto failed = check_domain("from", route.from_domains, facts.sender.domain());
        !failed.empty())
        return failed;
    if (auto failed = check_domain("to", route.to_domains, facts.recipient.domain());
        !failed.empty())
        return failed;
    for (const auto check :
         {check_account, check_sender, check_attempts, check_last_error, check_size, check_tag,
          check_header, check_mx}) {
        if (auto failed = check(route, facts); !failed.empty()) return failed;
    }
    return {};
}

}  // namespace outpost::route
