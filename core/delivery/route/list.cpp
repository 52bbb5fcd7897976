// SPDX-License-Identifier: Apache-2.0
#include "core/delivery/route/list.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "core/foundation/base/encoding.hpp"

namespace outpost::route {
namespace {

using Keys = std::unordered_map<std::string, RouteList::Positions>;

/// Whether a domain that no plain pattern names is surely not matched: there is such a pattern, and
/// none is "*". Patterns with "!" only take away.
bool is_selective(const std::vector<DomainPattern>& patterns) {
    bool names_one = false;
    for (const auto& pattern : patterns) {
        if (pattern.negated()) continue;
        if (pattern.kind() == DomainPattern::Kind::any) return false;
        names_one = true;
    }
    return names_one;
}

void add_all(Keys& keys, const std::vector<std::string>& names, std::uint32_t position) {
    for (const std::string& name : names)
        keys[name].push_back(position);
}

void find_one(const Keys& keys, const std::string& name, RouteList::Positions& found) {
    if (keys.empty()) return;
    const auto entry = keys.find(name);
    if (entry != keys.end()) found.insert(found.end(), entry->second.begin(), entry->second.end());
}

/// The ways in which a route may write this sender.
void find_sender(const Keys& keys, const mail::Address& sender, RouteList::Positions& found) {
    if (keys.empty()) return;
    if (sender.is_null()) return find_one(keys, "<>", found);
    find_one(keys, "@" + sender.domain().ascii(), found);
    find_one(keys, "@" + sender.domain().unicode(), found);
    find_one(keys, to_lower(sender.wire()), found);
    find_one(keys, to_lower(sender.unicode()), found);
}

}  // namespace

void RouteList::DomainKeys::add(
    const std::vector<DomainPattern>& patterns, std::uint32_t position
) {
    for (const auto& pattern : patterns) {
        if (pattern.negated()) continue;
        const bool is_parent = pattern.kind() == DomainPattern::Kind::below;
        (is_parent ? below : exact)[pattern.domain().ascii()].push_back(position);
    }
}

void RouteList::DomainKeys::find(const dns::Domain& domain, Positions& found) const {
    const std::string& name = domain.ascii();
    find_one(exact, name, found);
    if (below.empty()) return;
    for (auto dot = name.find('.'); dot != std::string::npos; dot = name.find('.', dot + 1))
        find_one(below, name.substr(dot + 1), found);
}

RouteList::RouteList(std::vector<Route> routes) : routes_(std::move(routes)) {
    for (std::uint32_t position = 0; position < routes_.size(); ++position) {
        const Route& route = routes_[position];
        add(route, position);
        asks_for_mx_ = asks_for_mx_ || !route.mx_suffixes.empty();
        asks_for_header_ = asks_for_header_ || route.header.has_value();
    }
}

void RouteList::add(const Route& route, std::uint32_t position) {
    if (is_selective(route.to_domains))
        to_.add(route.to_domains, position);
    else if (!route.senders.empty())
        add_all(senders_, route.senders, position);
    else if (!route.accounts.empty())
        add_all(accounts_, route.accounts, position);
    else if (is_selective(route.from_domains))
        from_.add(route.from_domains, position);
    else if (!route.tags.empty())
        add_all(tags_, route.tags, position);
    else
        others_.push_back(position);
}

RouteList::Positions RouteList::candidates(const Facts& facts) const {
    Positions named;
    to_.find(facts.recipient.domain(), named);
    from_.find(facts.sender.domain(), named);
    find_sender(senders_, facts.sender, named);
    find_one(accounts_, facts.account, named);
    find_one(tags_, facts.tag, named);
    // A route that names several of the facts' values is found several times.
    std::sort(named.begin(), named.end());
    named.erase(std::unique(named.begin(), named.end()), named.end());
    Positions all;
    all.reserve(named.size() + others_.size());
    std::merge(named.begin(), named.end(), others_.begin(), others_.end(), std::back_inserter(all));
    return all;
}

}  // namespace outpost::route
