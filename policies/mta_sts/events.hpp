// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <span>

#include "core/delivery/interface/security_event.hpp"

/// What operators count of MTA-STS.
namespace outpost::mta_sts {
namespace events {

constexpr delivery::SecurityEvent hosts(const char* outcome) {
    return {
        "outpost_mta_sts_hosts_total", "MX hosts of domains with an MTA-STS policy by outcome",
        "outcome", outcome
    };
}
inline constexpr auto verified = hosts("verified");
inline constexpr auto failed = hosts("failed");
inline constexpr auto mx_mismatch = hosts("mx_mismatch");
inline constexpr auto lookup_failed = hosts("lookup_failed");
inline constexpr auto would_fail = hosts("would_fail");  ///< mode testing, or it is only watched
/// Ignored by TLS-Required: No.
inline constexpr auto ignored_lookup = delivery::events::ignored("mta_sts_lookup");
inline constexpr auto ignored_mx = delivery::events::ignored("mta_sts_mx");

std::span<const delivery::SecurityEvent* const> all() noexcept;

}  // namespace events

/// As SecurityPolicy has them. Pure.
void note_host(delivery::SecurityEvents& noted, const tls::TlsDemand& demand);
void note_session(
    delivery::SecurityEvents& noted, const tls::TlsDemand& demand, const tls::TlsObservation& seen
);

}  // namespace outpost::mta_sts
