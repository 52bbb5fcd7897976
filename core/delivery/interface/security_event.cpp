// SPDX-License-Identifier: Apache-2.0
#include "core/delivery/interface/security_event.hpp"

#include <algorithm>
#include <optional>

namespace outpost::delivery {
namespace {

using tls::Refusal;
using tls::TlsFailure;
using tls::TlsRequirement;

constexpr const SecurityEvent* all_events[] = {
    &events::mx_secure,
    &events::mx_insecure,
    &events::mx_bogus,
    &events::mx_indeterminate,
    &events::requiretls_nopolicy,
    &events::requiretls_unannounced,
    &events::requiretls_transport,
    &events::ignored_starttls,
    &events::ignored_handshake,
    &events::ignored_dane,
    &events::ignored_pkix,
};

bool asks_for_anything(const TlsRequirement& requirement) {
    return requirement.must_use_tls || requirement.needs_verification();
}

const SecurityEvent& ignored_event(const std::optional<TlsFailure>& failure) {
    if (!failure) return events::ignored_starttls;
    switch (failure->kind) {
        case TlsFailure::Kind::starttls_refused:
            return events::ignored_starttls;
        case TlsFailure::Kind::handshake:
        case TlsFailure::Kind::alert_after:
            return events::ignored_handshake;
        case TlsFailure::Kind::pkix:
            return events::ignored_pkix;
        case TlsFailure::Kind::dane:
            return events::ignored_dane;
    }
    return events::ignored_handshake;
}

}  // namespace

std::span<const SecurityEvent* const> events::all() noexcept {
    return all_events;
}

SessionProof::SessionProof(const tls::TlsObservation& seen) {
    const auto failed = [&](TlsFailure::Kind kind) {
        return seen.failure && seen.failure->kind == kind;
    };
    tls = seen.reached && !failed(TlsFailure::Kind::alert_after);
    dane = tls && !failed(TlsFailure::Kind::dane);
    pkix = tls && !failed(TlsFailure::Kind::pkix);
}

const SecurityEvent& mx_event(dns::Security security) noexcept {
    switch (security) {
        case dns::Security::secure:
            return events::mx_secure;
        case dns::Security::insecure:
            return events::mx_insecure;
        case dns::Security::bogus:
            return events::mx_bogus;
        case dns::Security::indeterminate:
            return events::mx_indeterminate;
    }
    return events::mx_indeterminate;
}

const SecurityEvent& mx_event(const dns::Failure& failure) noexcept {
    return failure.kind == dns::Failure::Kind::bogus ? events::mx_bogus : events::mx_indeterminate;
}

// REQUIRETLS wins over TLS-Required: No, so its refusals are never ignored.
void note_host(SecurityEvents& noted, const tls::TlsDemand& demand) {
    for (const Refusal& refusal : demand.enforced.forbidden) {
        if (refusal.kind == Refusal::Kind::requiretls)
            noted.push_back(&events::requiretls_nopolicy);
    }
}

void note_session(
    SecurityEvents& noted, const tls::TlsDemand& demand, const tls::TlsObservation& seen
) {
    const TlsRequirement& enforced = demand.enforced;
    const SessionProof proof(seen);
    const bool something_failed = seen.failure || !proof.tls;
    if (enforced.ignore_errors && asks_for_anything(enforced) && something_failed)
        noted.push_back(&ignored_event(seen.failure));
    if (enforced.must_announce_requiretls && proof.tls && !seen.failure && !seen.requiretls_offered)
        noted.push_back(&events::requiretls_unannounced);
}

}  // namespace outpost::delivery
