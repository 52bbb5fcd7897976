// SPDX-License-Identifier: Apache-2.0
#include "core/delivery/interface/security_event.hpp"

#include <algorithm>
#include <array>
#include <optional>

namespace outpost::delivery {
namespace {

using Event = SecurityEvent;
using tls::Refusal;
using tls::TlsFailure;
using tls::TlsRequirement;

constexpr std::array<SecurityEventName, security_event_count> names = {{
    {"mx", "secure"},
    {"mx", "insecure"},
    {"mx", "bogus"},
    {"mx", "indeterminate"},
    {"requiretls", "nopolicy"},
    {"requiretls", "norequiretls"},
    {"requiretls", "transport"},
    {"ignored", "mta_sts_lookup"},
    {"ignored", "mta_sts_mx"},
    {"ignored", "tlsa_lookup"},
    {"ignored", "starttls"},
    {"ignored", "handshake"},
    {"ignored", "dane"},
    {"ignored", "pkix"},
    {"dane", "verified"},
    {"dane", "failed"},
    {"dane", "unauthenticated"},
    {"dane", "lookup_failed"},
    {"dane", "would_fail"},
    {"mta_sts", "verified"},
    {"mta_sts", "failed"},
    {"mta_sts", "mx_mismatch"},
    {"mta_sts", "lookup_failed"},
    {"mta_sts", "would_fail"},
}};

bool speaks(const TlsRequirement& requirement, std::string_view policy) {
    const auto& sources = requirement.sources;
    return std::find(sources.begin(), sources.end(), policy) != sources.end();
}

bool asks_for_anything(const TlsRequirement& requirement) {
    return requirement.must_use_tls || requirement.needs_verification();
}

Event event_of(Refusal::Kind kind) {
    switch (kind) {
        case Refusal::Kind::mta_sts_lookup:
            return Event::mta_sts_lookup_failed;
        case Refusal::Kind::mta_sts_mx:
            return Event::mta_sts_mx_mismatch;
        case Refusal::Kind::tlsa_lookup:
            return Event::dane_lookup_failed;
        case Refusal::Kind::dane_required:
            return Event::dane_failed;
        case Refusal::Kind::requiretls:
            return Event::requiretls_nopolicy;
    }
    return Event::requiretls_nopolicy;
}

// REQUIRETLS wins over TLS-Required: No, so its refusals are never ignored.
std::optional<Event> ignored_event(Refusal::Kind kind) {
    switch (kind) {
        case Refusal::Kind::mta_sts_lookup:
            return Event::ignored_mta_sts_lookup;
        case Refusal::Kind::mta_sts_mx:
            return Event::ignored_mta_sts_mx;
        case Refusal::Kind::tlsa_lookup:
            return Event::ignored_tlsa_lookup;
        case Refusal::Kind::dane_required:
            return Event::ignored_dane;
        case Refusal::Kind::requiretls:
            return std::nullopt;
    }
    return std::nullopt;
}

Event ignored_event(const std::optional<TlsFailure>& failure) {
    if (!failure) return Event::ignored_starttls;
    switch (failure->kind) {
        case TlsFailure::Kind::starttls_refused:
            return Event::ignored_starttls;
        case TlsFailure::Kind::handshake:
        case TlsFailure::Kind::alert_after:
            return Event::ignored_handshake;
        case TlsFailure::Kind::pkix:
            return Event::ignored_pkix;
        case TlsFailure::Kind::dane:
            return Event::ignored_dane;
    }
    return Event::ignored_handshake;
}

/// What a session proved: each half stands for itself.
struct Proof {
    bool tls, dane, pkix;

    explicit Proof(const tls::TlsObservation& seen) {
        const auto failed = [&](TlsFailure::Kind kind) {
            return seen.failure && seen.failure->kind == kind;
        };
        tls = seen.reached && !failed(TlsFailure::Kind::alert_after);
        dane = tls && !failed(TlsFailure::Kind::dane);
        pkix = tls && !failed(TlsFailure::Kind::pkix);
    }
};

bool asks_for_sts(const TlsRequirement& requirement) {
    return speaks(requirement, "mta-sts") && !requirement.pkix.empty();
}

void note_dane(SecurityEvents& events, const tls::TlsDemand& demand, const Proof& proof) {
    if (!demand.enforced.dane.empty()) {
        events.push_back(proof.dane ? Event::dane_verified : Event::dane_failed);
    } else if (speaks(demand.enforced, "dane")) {
        events.push_back(proof.tls ? Event::dane_unauthenticated : Event::dane_failed);
    } else if (speaks(demand.watched, "dane")) {
        const bool met = demand.watched.dane.empty() ? proof.tls : proof.dane;
        if (!met) events.push_back(Event::dane_would_fail);
    }
}

void note_mta_sts(SecurityEvents& events, const tls::TlsDemand& demand, const Proof& proof) {
    if (asks_for_sts(demand.enforced)) {
        events.push_back(proof.pkix ? Event::mta_sts_verified : Event::mta_sts_failed);
    } else if (asks_for_sts(demand.watched) && !proof.pkix) {
        events.push_back(Event::mta_sts_would_fail);
    }
}

}  // namespace

SecurityEventName name(SecurityEvent event) noexcept {
    return names.at(static_cast<std::size_t>(event));
}

SecurityEvent mx_event(dns::Security security) noexcept {
    switch (security) {
        case dns::Security::secure:
            return Event::mx_secure;
        case dns::Security::insecure:
            return Event::mx_insecure;
        case dns::Security::bogus:
            return Event::mx_bogus;
        case dns::Security::indeterminate:
            return Event::mx_indeterminate;
    }
    return Event::mx_indeterminate;
}

SecurityEvent mx_event(const dns::Failure& failure) noexcept {
    return failure.kind == dns::Failure::Kind::bogus ? Event::mx_bogus : Event::mx_indeterminate;
}

void note_host(SecurityEvents& events, const tls::TlsDemand& demand) {
    for (const Refusal& refusal : demand.enforced.forbidden) {
        events.push_back(event_of(refusal.kind));
        if (!demand.enforced.ignore_errors) continue;
        if (const auto ignored = ignored_event(refusal.kind)) events.push_back(*ignored);
    }
    for (const Refusal& refusal : demand.watched.forbidden) {
        const bool dane = refusal.kind == Refusal::Kind::tlsa_lookup;
        events.push_back(dane ? Event::dane_would_fail : Event::mta_sts_would_fail);
    }
}

void note_session(
    SecurityEvents& events, const tls::TlsDemand& demand, const tls::TlsObservation& seen
) {
    const TlsRequirement& enforced = demand.enforced;
    const Proof proof(seen);
    note_dane(events, demand, proof);
    note_mta_sts(events, demand, proof);
    const bool something_failed = seen.failure || !proof.tls;
    if (enforced.ignore_errors && asks_for_anything(enforced) && something_failed)
        events.push_back(ignored_event(seen.failure));
    if (enforced.must_announce_requiretls && proof.tls && !seen.failure && !seen.requiretls_offered)
        events.push_back(Event::requiretls_unannounced);
}

}  // namespace outpost::delivery
