// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <span>
#include <vector>

#include "core/net/dns/resolver.hpp"
#include "core/net/tls/observation.hpp"
#include "core/net/tls/requirement.hpp"

namespace outpost::delivery {

/// Something about transport security that operators count: one counter of /metrics. Whoever
/// delivers only names what happened, and the dispatcher counts it.
///
/// Events are constants, told apart by their address. Those of every delivery are in `events`; each
/// policy declares its own.
struct SecurityEvent {
    const char *metric, *help, *label, *value;
};
using SecurityEvents = std::vector<const SecurityEvent*>;

namespace events {

/// What DNSSEC says of the answer that named a domain's hosts.
constexpr SecurityEvent mx(const char* security) {
    return {
        "outpost_mx_lookups_total",
        "MX lookups of direct delivery by what DNSSEC says of the answer", "dnssec", security
    };
}
inline constexpr SecurityEvent mx_secure = mx("secure");
inline constexpr SecurityEvent mx_insecure = mx("insecure");
inline constexpr SecurityEvent mx_bogus = mx("bogus");
inline constexpr SecurityEvent mx_indeterminate = mx("indeterminate");

/// A host that cannot have a message with REQUIRETLS (RFC 8689 section 4.2.1).
constexpr SecurityEvent requiretls(const char* reason) {
    return {
        "outpost_requiretls_unmet_total",
        "Hosts or transports that could not have a message with REQUIRETLS", "reason", reason
    };
}
/// Nothing verifies the host.
inline constexpr SecurityEvent requiretls_nopolicy = requiretls("nopolicy");
/// It does not announce the extension under TLS.
inline constexpr SecurityEvent requiretls_unannounced = requiretls("norequiretls");
/// The route leads to a transport that cannot assure it.
inline constexpr SecurityEvent requiretls_transport = requiretls("transport");

/// What stood against a host and was ignored, by TLS-Required: No (RFC 8689 section 5).
constexpr SecurityEvent ignored(const char* what) {
    return {
        "outpost_tls_required_no_ignored_total",
        "What stood against a host and was ignored because of TLS-Required: No", "ignored", what
    };
}
/// The host refused STARTTLS, or did not offer what was required.
inline constexpr SecurityEvent ignored_starttls = ignored("starttls");
inline constexpr SecurityEvent ignored_handshake = ignored("handshake");
inline constexpr SecurityEvent ignored_dane = ignored("dane");  ///< no TLSA record matched
inline constexpr SecurityEvent ignored_pkix = ignored("pkix");

/// All of these, to be shown from the start.
std::span<const SecurityEvent* const> all() noexcept;

}  // namespace events

/// The answer to the MX question, or that there was none.
const SecurityEvent& mx_event(dns::Security security) noexcept;
const SecurityEvent& mx_event(const dns::Failure& failure) noexcept;

/// What the message's own wish says against a host before any connection: REQUIRETLS that nothing
/// verifies. To be called once for each host that is considered; policies add what is theirs
/// (SecurityPolicy::note_host).
void note_host(SecurityEvents& noted, const tls::TlsDemand& demand);

/// What a new session showed, measured by what was demanded of it. To be called once for each host
/// that a new session was opened to, but not for the session in clear that may follow a failed one;
/// policies add what is theirs (SecurityPolicy::note_session).
void note_session(
    SecurityEvents& noted, const tls::TlsDemand& demand, const tls::TlsObservation& seen
);

/// What a session proved: each half stands for itself.
struct SessionProof {
    bool tls, dane, pkix;
    explicit SessionProof(const tls::TlsObservation& seen);
};

}  // namespace outpost::delivery
