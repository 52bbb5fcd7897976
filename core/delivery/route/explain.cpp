// SPDX-License-Identifier: Apache-2.0
#include "core/delivery/route/explain.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

namespace outpost::route {
namespace {

std::string label(const TraceEntry& entry) {
    return fmt::format(
        "{} route {}{}", text(entry.list), entry.index,
        entry.route.empty() ? "" : fmt::format(" '{}'", entry.route)
    );
}

std::string transports_in_words(const Decision& decision) {
    std::string out;
    for (const auto& name : decision.transports) {
        out += out.empty() ? name : fmt::format(", then {} if that cannot be reached", name);
    }
    return out;
}

std::string choice(const Decision& decision) {
    switch (decision.list) {
        case List::override_:
            return "An operator has set the transport";
        case List::none:
            return "No route matches";
        case List::account:
        case List::domain:
        case List::global:
            return fmt::format("{} route {} matches", text(decision.list), decision.index);
    }
    return {};
}

std::string_view uncertain_in_words(OnUncertain policy) {
    switch (policy) {
        case OnUncertain::resend:
            return "it is sent again";
        case OnUncertain::hold:
            return "it is held for a person to decide";
        case OnUncertain::assume_delivered:
            return "it is taken for delivered";
    }
    return {};
}

}  // namespace

std::string explain(const Decision& decision) {
    std::size_t width = 0;
    for (const auto& entry : decision.trace)
        width = std::max(width, label(entry).size());
    std::string out;
    for (const auto& entry : decision.trace) {
        out += fmt::format(
            "  {:<{}}  {}\n", label(entry), width,
            entry.failed.empty() ? "matches" : "no, " + entry.failed
        );
    }
    if (decision.open) {
        return out + "The route cannot be chosen before the MX hosts are known: mail waits.\n";
    }
    out += fmt::format("{}: by {}.\n", choice(decision), transports_in_words(decision));
    out += fmt::format(
        "If a crash leaves the outcome of an attempt unknown, {}.\n",
        uncertain_in_words(decision.on_uncertain)
    );
    return out;
}

}  // namespace outpost::route
