// SPDX-License-Identifier: Apache-2.0
#include "core/route/table.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <utility>

#include "core/route/conditions.hpp"

namespace outpost::route {
namespace {

using NamedList = std::pair<List, const std::vector<Route>*>;

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

void choose(Decision& decision, List list, std::size_t index, const Route& route) {
    decision.list = list;
    decision.index = index;
    decision.route = route.name;
    if (!decision.open) decision.transports = route.transports;
    decision.on_uncertain = route.on_uncertain;
}

/// What was passed over before the choice; the last ones, for they are the nearest misses.
std::string passed_over(const std::vector<TraceEntry>& trace) {
    constexpr std::size_t max_entries = 3;
    std::vector<std::string> reasons;
    for (const auto& entry : trace) {
        if (!entry.failed.empty()) {
            reasons.push_back(fmt::format(
                "not {} ({})", label(entry.list, entry.index, entry.route), entry.failed
            ));
        }
    }
    if (reasons.empty()) return {};
    const auto hidden = reasons.size() - std::min(reasons.size(), max_entries);
    reasons.erase(reasons.begin(), reasons.begin() + static_cast<std::ptrdiff_t>(hidden));
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
            return "no route matched -> " + chosen + passed_over(trace);
        case List::account:
        case List::domain:
        case List::global:
            return label(list, index, route) + " -> " + chosen + passed_over(trace);
    }
    return chosen;
}

Decision decide(const RouteLists& lists, const Facts& facts) {
    Decision decision;
    for (const auto& [list, routes] : in_order(lists)) {
        if (routes == nullptr) continue;
        for (std::size_t index = 1; index <= routes->size(); ++index) {
            const auto& route = (*routes)[index - 1];
            const auto& entry = decision.trace.emplace_back(
                TraceEntry{list, index, route.name, failed_condition(route, facts)}
            );
            decision.open = entry.failed == mx_unknown;
            if (!entry.failed.empty() && !decision.open) continue;
            choose(decision, list, index, route);
            return decision;
        }
    }
    decision.transports = {"direct"};
    return decision;
}

bool needs_mx(const RouteLists& lists) noexcept {
    const auto lists_in_order = in_order(lists);
    return std::any_of(lists_in_order.begin(), lists_in_order.end(), [](const NamedList& named) {
        return named.second != nullptr &&
               std::any_of(named.second->begin(), named.second->end(), [](const Route& route) {
                   return !route.mx_suffixes.empty();
               });
    });
}

}  // namespace outpost::route
