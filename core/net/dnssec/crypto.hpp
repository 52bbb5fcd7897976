// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/net/dnssec/records.hpp"

/// The cryptography of DNSSEC, from ldns. Pure.
namespace outpost::dnssec {

/// RSASHA256(8), RSASHA512(10), ECDSAP256SHA256(13), ECDSAP384SHA384(14), ED25519(15). Zones signed
/// only with others count as insecure (RFC 4035 section 5.2): among them the two with SHA-1, whose
/// collisions let a signature move to other data.
bool is_supported_algorithm(std::uint8_t algorithm) noexcept;
/// SHA-1(1), SHA-256(2), SHA-384(4). SHA-1 is safe here: a forger would need a second preimage.
bool is_supported_digest(std::uint8_t digest_type) noexcept;

/// One signature check: costs some ten to a hundred microseconds.
bool is_signed(std::string_view data, const Key& key, std::string_view signature);

/// RFC 4034 section 5.1.4: whether this is the key, owned by `zone`, that the DS record means.
bool is_digest_of(const DelegationSigner& signer, const Name& zone, const Key& key);

/// RFC 5155 section 5, with SHA-1, the only algorithm there is.
std::string nsec3_hash(const Name& name, std::string_view salt, std::uint16_t iterations);

}  // namespace outpost::dnssec
