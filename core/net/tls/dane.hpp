// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "core/net/tls/requirement.hpp"

struct ssl_st;

/// DANE by OpenSSL: the records go in before the handshake, the verdict comes out after it.
namespace outpost::tls {

/// The one set of TLSA records that a demand holds, enforced or watched; null without any. Throws
/// std::invalid_argument when there are two.
const DaneRequirement* dane_of(const TlsDemand& demand);

/// Sets SNI, the reference names and the records. DANE-EE(3) matches whatever the certificate's
/// names and dates (RFC 7672 section 3.1.1).
void enable_dane(ssl_st* ssl, const DaneRequirement& requirement);

struct DaneVerdict {
    bool matched = false;
    std::string record;   ///< the one that matched: "3 1 1 ab12..."
    std::string problem;  ///< why none did
};
DaneVerdict dane_verdict(ssl_st* ssl);

}  // namespace outpost::tls
