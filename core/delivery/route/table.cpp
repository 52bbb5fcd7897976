// SPDX-License-Identifier: Apache-2.0
#include "core/delivery/route/table.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <utility>

#include "core/delivery/route/conditions.hpp"
#include "core/delivery/route/list.hpp"

namespace outpost::route {
namespace {

using NamedList = std::pair<List, const RouteList*>;

/// In the order in which they are asked.
std::array<NamedList, 3> in_order(const RouteLists& lists) {
    return {
        NamedList{List::account, lists.account}, NamedList{List::domain, lists.domain},
        NamedList{List::global, lists.global}
    };
}

std::string label(List list, std::size_t index, const std::string& name) {
    return fmt::format(
        "{} route {}{}", text(list), index, name.empty() ? "" : fmt::format(" '{}'", name)
    );
}

/// How many routes before the choice a reason names: the last ones, for they are the nearest
/// misses.
constexpr std::size_t max_misses = 3;

void choose(Decision& decision, List list, std::size_t index, const Route& route) {
    decision.list = list;
    decision.index = index;
    decision.route = route.name;
    if (!decision.open) decision.transports = route.transports;
    decision.on_uncertain = route.on_uncertain;
    decision.policies = route.policies;
}

/// Finds the first route of the list that matches, or would if the MX hosts were known.
bool choose_from(const NamedList& named, const Facts& facts, Decision& decision) {
    const auto& [list, routes] = named;
    for (const auto position : routes->candidates(facts)) {
        const Route& route = routes->routes()[position];
        const auto failed = failed_condition(route, facts);
        decision.open = failed == mx_unknown;
        if (!failed.empty() && !decision.open) continue;
        choose(decision, list, position + 1, route);
        decision.looked_at += position + 1;
        return true;
    }
    decision.looked_at += routes->routes().size();
    return false;
}

/// The last `most` routes that were looked at, in order, with what failed.
std::vector<TraceEntry> last_looked_at(
    const RouteLists& lists, const Facts& facts, std::size_t looked_at, std::size_t most
) {
    std::vector<TraceEntry> trace;
    std::size_t before = looked_at - std::min(looked_at, most), left = looked_at - before;
    for (const auto& [list, routes] : in_order(lists)) {
        if (routes == nullptr) continue;
        const auto& all = routes->routes();
        const auto skipped = std::min(before, all.size());
        before -= skipped;
        for (auto at = skipped; at < all.size() && left > 0; ++at, --left)
            trace.push_back({list, at + 1, all[at].name, failed_condition(all[at], facts)});
    }
    return trace;
}

/// What was passed over before the choice.
std::string passed_over(const Decision& decision) {
    std::vector<std::string> reasons;
    for (const auto& entry : decision.trace) {
        if (!entry.failed.empty()) {
            reasons.push_back(fmt::format(
                "not {} ({})", label(entry.list, entry.index, entry.route), entry.failed
            ));
        }
    }
    if (reasons.empty()) return {};
    const auto told = std::min(reasons.size(), max_misses);
    reasons.erase(reasons.begin(), reasons.end() - static_cast<std::ptrdiff_t>(told));
    const bool one_matched = decision.list != List::none;
    const auto hidden = decision.looked_at - (one_matched ? 1 : 0) - told;
    const auto before = hidden == 0 ? "" : fmt::format("{} others not, ", hidden);
    return fmt::format(": {}{}", before, fmt::join(reasons, ", "));
}

}  // namespace

std::string_view text(OnUncertain policy) noexcept {
    switch (policy) {
        case OnUncertain::resend:
            return "resend";
        case OnUncertain::hold:
            return "hold";
        case OnUncertain::assume_delivered:
            return "assume_delivered";
    }
    return "resend";
}

std::string_view text(List list) noexcept {
    switch (list) {
        case List::account:
            return "account";
        case List::domain:
            return "domain";
        case List::global:
            return "global";
        case List::none:
            return "none";
        case List::override_:
            return "override";
    }
    return "none";
}

std::string Decision::reason() const {
    if (open) return fmt::format("{} cannot be judged ({})", label(list, index, route), mx_unknown);
    const auto chosen = fmt::format("[{}]", fmt::join(transports, ", "));
    switch (list) {
        case List::override_:
            return "set by hand -> " + chosen;
        case List::none:
            return "no route matched -> " + chosen + passed_over(*this);
        case List::account:
        case List::domain:
        case List::global:
            return label(list, index, route) + " -> " + chosen + passed_over(*this);
    }
    return chosen;
}

Decision decide(const RouteLists& lists, const Facts& facts, Trace trace) {
    Decision decision;
    bool chosen = false;
    for (const auto& named : in_order(lists)) {
        chosen = chosen || (named.second != nullptr && choose_from(named, facts, decision));
    }
    if (!chosen) decision.transports = {"direct"};
    const auto told = trace == Trace::whole ? decision.looked_at : max_misses + (chosen ? 1 : 0);
    decision.trace = last_looked_at(lists, facts, decision.looked_at, told);
    return decision;
}

bool needs_mx(const RouteLists& lists) noexcept {
    const auto lists_in_order = in_order(lists);
    return std::any_of(lists_in_order.begin(), lists_in_order.end(), [](const NamedList& named) {
        return named.second != nullptr && named.second->asks_for_mx();
    });
}

bool needs_header(const RouteLists& lists) noexcept {
    const auto lists_in_order = in_order(lists);
    return std::any_of(lists_in_order.begin(), lists_in_order.end(), [](const NamedList& named) {
        return named.second != nullptr && named.second->asks_for_header();
    });
}

}  // namespace outpost::route
