// SPDX-License-Identifier: Apache-2.0
#include "policies/dane/events.hpp"

#include <algorithm>

namespace outpost::dane {
namespace {

using tls::Refusal;

constexpr const char* source = "dane";
constexpr const delivery::SecurityEvent* all_events[] = {
    &events::verified,      &events::failed,     &events::unauthenticated,
    &events::lookup_failed, &events::would_fail, &events::ignored_lookup,
};

bool speaks(const tls::TlsRequirement& requirement) {
    const auto& sources = requirement.sources;
    return std::find(sources.begin(), sources.end(), source) != sources.end();
}

void note_refusal(delivery::SecurityEvents& noted, const Refusal& refusal, bool ignored) {
    const bool unknown = refusal.kind == Refusal::Kind::host_unknown;
    noted.push_back(unknown ? &events::lookup_failed : &events::failed);
    if (ignored)
        noted.push_back(unknown ? &events::ignored_lookup : &delivery::events::ignored_dane);
}

}  // namespace

std::span<const delivery::SecurityEvent* const> events::all() noexcept {
    return all_events;
}

void note_host(delivery::SecurityEvents& noted, const tls::TlsDemand& demand) {
    for (const Refusal& refusal : demand.enforced.forbidden) {
        if (refusal.policy == source) note_refusal(noted, refusal, demand.enforced.ignore_errors);
    }
    for (const Refusal& refusal : demand.watched.forbidden) {
        if (refusal.policy == source) noted.push_back(&events::would_fail);
    }
}

void note_session(
    delivery::SecurityEvents& noted, const tls::TlsDemand& demand, const tls::TlsObservation& seen
) {
    const delivery::SessionProof proof(seen);
    if (!demand.enforced.dane.empty()) {
        noted.push_back(proof.dane ? &events::verified : &events::failed);
    } else if (speaks(demand.enforced)) {
        noted.push_back(proof.tls ? &events::unauthenticated : &events::failed);
    } else if (speaks(demand.watched)) {
        const bool met = demand.watched.dane.empty() ? proof.tls : proof.dane;
        if (!met) noted.push_back(&events::would_fail);
    }
}

}  // namespace outpost::dane
