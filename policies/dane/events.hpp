// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <span>

#include "core/delivery/interface/security_event.hpp"

/// What operators count of DANE.
namespace outpost::dane {
namespace events {

constexpr delivery::SecurityEvent hosts(const char* outcome) {
    return {
        "outpost_dane_hosts_total", "MX hosts with TLSA records by outcome", "outcome", outcome
    };
}
inline constexpr auto verified = hosts("verified");
inline constexpr auto failed = hosts("failed");
/// TLS came about; there are TLSA records, none of them usable.
inline constexpr auto unauthenticated = hosts("unauthenticated");
inline constexpr auto lookup_failed = hosts("lookup_failed");
inline constexpr auto would_fail = hosts("would_fail");  ///< it is only watched
/// Ignored by TLS-Required: No.
inline constexpr auto ignored_lookup = delivery::events::ignored("tlsa_lookup");

std::span<const delivery::SecurityEvent* const> all() noexcept;

}  // namespace events

/// As SecurityPolicy has them. Pure.
void note_host(delivery::SecurityEvents& noted, const tls::TlsDemand& demand);
void note_session(
    delivery::SecurityEvents& noted, const tls::TlsDemand& demand, const tls::TlsObservation& seen
);

}  // namespace outpost::dane
