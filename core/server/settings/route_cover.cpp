// SPDX-License-Identifier: Apache-2.0
// Whether one route leaves anything for another below it.
#include <algorithm>

#include "core/foundation/base/encoding.hpp"
#include "core/server/settings/cross_checks.hpp"

namespace outpost::server {
namespace {

using route::DomainPattern;
using route::Route;
using Patterns = std::vector<DomainPattern>;

std::string plain_text(const DomainPattern& pattern) {
    return pattern.negated() ? pattern.text().substr(1) : pattern.text();
}

/// Whether `wide` covers every domain that `narrow` covers, negation aside.
bool pattern_covers(const DomainPattern& wide, const DomainPattern& narrow) {
    const std::string wide_text = plain_text(wide), narrow_text = plain_text(narrow);
    if (wide_text == narrow_text) return true;
    if (narrow_text == "." || narrow_text == "*") return false;
    const bool below = narrow_text.starts_with('.');
    const auto domain = dns::Domain::parse(below ? narrow_text.substr(1) : narrow_text);
    if (!domain) return false;
    if (wide_text == "*" || !below) return wide.covers(*domain);
    // ".b.example" lies within ".example", and within ".b.example" written otherwise.
    const auto suffix =
        wide_text.starts_with('.') ? dns::Domain::parse(wide_text.substr(1)) : Err{std::string()};
    return suffix && (*domain == *suffix || domain->is_below(*suffix));
}

bool patterns_cover(const Patterns& wide, const Patterns& narrow) {
    const auto holds = [](const Patterns& list, auto condition) {
        return std::any_of(list.begin(), list.end(), condition);
    };
    const bool wide_has_plain = holds(wide, [](const auto& p) { return !p.negated(); });
    const bool narrow_has_plain = holds(narrow, [](const auto& p) { return !p.negated(); });
    if (wide_has_plain && !narrow_has_plain) return false;
    return std::all_of(
               narrow.begin(), narrow.end(),
               [&](const DomainPattern& mine) {
                   if (mine.negated() || !wide_has_plain) return true;
                   return holds(wide, [&](const auto& theirs) {
                       return !theirs.negated() && pattern_covers(theirs, mine);
                   });
               }
           ) &&
           std::all_of(wide.begin(), wide.end(), [&](const DomainPattern& theirs) {
               // What the wide one excludes must be excluded by the narrow one as well.
               return !theirs.negated() || holds(narrow, [&](const auto& mine) {
                   return mine.negated() && pattern_covers(mine, theirs);
               });
           });
}

/// Whether a list of alternatives permits all that another one does; an empty list permits
/// anything.
template <class Covers>
bool alternatives_cover(
    const std::vector<std::string>& wide, const std::vector<std::string>& narrow, Covers covers_one
) {
    if (wide.empty()) return true;
    return !narrow.empty() &&
           std::all_of(narrow.begin(), narrow.end(), [&](const std::string& mine) {
               return std::any_of(wide.begin(), wide.end(), [&](const std::string& theirs) {
                   return covers_one(theirs, mine);
               });
           });
}

bool same(const std::string& wide, const std::string& narrow) {
    return wide == narrow;
}
bool sender_covers(const std::string& wide, const std::string& narrow) {
    return wide == narrow || (wide.starts_with('@') && narrow.ends_with(wide));
}
bool status_covers(const std::string& wide, const std::string& narrow) {
    return wide == narrow || narrow.starts_with(wide + ".");
}

template <class N>
bool range_covers(
    std::optional<N> wide_least, std::optional<N> wide_most, std::optional<N> least,
    std::optional<N> most
) {
    const bool low = !wide_least || *wide_least == 0 || (least && *least >= *wide_least);
    const bool high = !wide_most || (most && *most <= *wide_most);
    return low && high;
}

bool header_covers(
    const std::optional<route::HeaderCondition>& wide,
    const std::optional<route::HeaderCondition>& narrow
) {
    if (!wide) return true;
    return narrow && iequals(wide->name, narrow->name) &&
           to_lower(narrow->contains).find(to_lower(wide->contains)) != std::string::npos;
}

}  // namespace

bool covers(const Route& wide, const Route& narrow) {
    // MX conditions fail where MX hosts are not known: such a route covers only one with the same
    // ones.
    const bool mx =
        wide.mx_suffixes.empty() ||
        (!narrow.mx_suffixes.empty() && patterns_cover(wide.mx_suffixes, narrow.mx_suffixes));
    return mx && patterns_cover(wide.from_domains, narrow.from_domains) &&
           patterns_cover(wide.to_domains, narrow.to_domains) &&
           alternatives_cover(wide.accounts, narrow.accounts, same) &&
           alternatives_cover(wide.senders, narrow.senders, sender_covers) &&
           alternatives_cover(wide.last_errors, narrow.last_errors, status_covers) &&
           alternatives_cover(wide.tags, narrow.tags, same) &&
           header_covers(wide.header, narrow.header) &&
           range_covers(
               wide.min_attempts, wide.max_attempts, narrow.min_attempts, narrow.max_attempts
           ) &&
           range_covers(wide.min_size, wide.max_size, narrow.min_size, narrow.max_size);
}

}  // namespace outpost::server
