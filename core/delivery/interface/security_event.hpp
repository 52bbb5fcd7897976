// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "core/net/dns/resolver.hpp"
#include "core/net/tls/observation.hpp"
#include "core/net/tls/requirement.hpp"

namespace outpost::delivery {

/// Something of transport security that operators count. Each enumerator is one counter; who
/// delivers only names what happened, and the dispatcher counts it.
enum class SecurityEvent : std::uint8_t {
    // What DNSSEC says of the answer that named a domain's hosts.
    mx_secure,
    mx_insecure,
    mx_bogus,
    mx_indeterminate,
    // A host that cannot have a message with REQUIRETLS (RFC 8689 section 4.2.1).
    requiretls_nopolicy,     ///< nothing verifies it
    requiretls_unannounced,  ///< it does not announce the extension under TLS
    requiretls_transport,    ///< the route leads to a transport that cannot assure it
    // What stood against a host and was ignored, by TLS-Required: No (RFC 8689 section 5).
    ignored_mta_sts_lookup,
    ignored_mta_sts_mx,
    ignored_tlsa_lookup,
    ignored_starttls,  ///< it refused or did not offer what was required
    ignored_handshake,
    ignored_dane,
    ignored_pkix,
    // DANE (RFC 7672), of one host.
    dane_verified,
    dane_failed,
    dane_unauthenticated,  ///< TLS came about; there are TLSA records, none of them usable
    dane_lookup_failed,
    dane_would_fail,  ///< it is only watched
    // MTA-STS (RFC 8461), of one host.
    mta_sts_verified,
    mta_sts_failed,
    mta_sts_mx_mismatch,
    mta_sts_lookup_failed,
    mta_sts_would_fail  ///< mode testing, or it is only watched
};
inline constexpr std::size_t security_event_count =
    static_cast<std::size_t>(SecurityEvent::mta_sts_would_fail) + 1;

using SecurityEvents = std::vector<SecurityEvent>;

/// The two halves of a counter's name: {"dane", "verified"}, {"ignored", "mta_sts_mx"}.
struct SecurityEventName {
    std::string_view family, what;
};
SecurityEventName name(SecurityEvent event) noexcept;

/// The answer to the MX question, or that there was none.
SecurityEvent mx_event(dns::Security security) noexcept;
SecurityEvent mx_event(const dns::Failure& failure) noexcept;

/// What the demand says against a host before any connection: its refusals, and REQUIRETLS that
/// nothing verifies. To be called once for each host that is considered.
void note_host(SecurityEvents& events, const tls::TlsDemand& demand);

/// What a new session showed, measured by what was demanded of it. To be called once for each host
/// that a new session was opened to; not for the session in clear that may follow a failed one.
void note_session(
    SecurityEvents& events, const tls::TlsDemand& demand, const tls::TlsObservation& seen
);

}  // namespace outpost::delivery
