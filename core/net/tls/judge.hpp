// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "core/net/tls/observation.hpp"
#include "core/net/tls/requirement.hpp"

struct ssl_st;

/// The client's side of certificates: what a handshake is told beforehand, and the one place where
/// its result is judged. `ssl` is an SSL*.
namespace outpost::tls {

/// Before the handshake: SNI, and the TLSA records of the demand. SNI is the TLSA base domain where
/// there is one (RFC 7672 section 8.1), else `name`, unless that is an IP address (RFC 6066
/// section 3). Throws std::invalid_argument for a demand with two different sets of TLSA records,
/// which one handshake cannot be checked against.
void prepare(ssl_st* ssl, const std::string& name, const TlsDemand& demand);

/// After the handshake: fills the facts, and returns how the enforced requirement failed, unless it
/// holds. PKIX and DANE are judged apart: each against its own names (RFC 9525, RFC 7671). The PKIX
/// facts are of `name`. A server's side has facts only.
std::optional<TlsFailure> judge(
    ssl_st* ssl, const std::string& name, const TlsDemand& demand, TlsFacts& facts
);

/// The certificates that the peer showed, leaf first.
std::vector<CertificateFacts> peer_chain(ssl_st* ssl);

}  // namespace outpost::tls
