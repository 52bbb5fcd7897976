// SPDX-License-Identifier: Apache-2.0
#include "policies/mta_sts/events.hpp"

#include <algorithm>

namespace outpost::mta_sts {
namespace {

using tls::Refusal;

constexpr const char* source = "mta-sts";
constexpr const delivery::SecurityEvent* all_events[] = {
    &events::verified,   &events::failed,         &events::mx_mismatch, &events::lookup_failed,
    &events::would_fail, &events::ignored_lookup, &events::ignored_mx,
};

bool asks_for_certificate(const tls::TlsRequirement& requirement) {
    const auto& sources = requirement.sources;
    const bool speaks = std::find(sources.begin(), sources.end(), source) != sources.end();
    return speaks && !requirement.pkix.empty();
}

void note_refusal(delivery::SecurityEvents& noted, const Refusal& refusal, bool ignored) {
    const bool unknown = refusal.kind == Refusal::Kind::domain_unknown;
    noted.push_back(unknown ? &events::lookup_failed : &events::mx_mismatch);
    if (ignored) noted.push_back(unknown ? &events::ignored_lookup : &events::ignored_mx);
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
    if (asks_for_certificate(demand.enforced)) {
        noted.push_back(proof.pkix ? &events::verified : &events::failed);
    } else if (asks_for_certificate(demand.watched) && !proof.pkix) {
        noted.push_back(&events::would_fail);
    }
}

}  // namespace outpost::mta_sts
