// SPDX-License-Identifier: Apache-2.0
#include "core/net/dnssec/crypto.hpp"

#include <ldns/ldns.h>

#include <array>
#include <memory>

namespace outpost::dnssec {
namespace {

// RFC 3110 section 2: the exponent's length and value, then a modulus, here of at most 4096 bits.
// Larger ones would make each check cost milliseconds.
constexpr std::size_t longest_public_key = 1 + 8 + 4096 / 8;

const unsigned char* octets(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

unsigned char* digest_into(std::uint8_t type, std::string_view data, unsigned char* room) {
    const auto size = static_cast<unsigned>(data.size());
    switch (type) {
        case LDNS_SHA1:
            return ldns_sha1(octets(data), size, room);
        case LDNS_SHA256:
            return ldns_sha256(octets(data), size, room);
        case LDNS_SHA384:
            return ldns_sha384(octets(data), size, room);
        default:
            return nullptr;
    }
}

std::size_t digest_size(std::uint8_t type) {
    switch (type) {
        case LDNS_SHA1:
            return LDNS_SHA1_DIGEST_LENGTH;
        case LDNS_SHA256:
            return LDNS_SHA256_DIGEST_LENGTH;
        case LDNS_SHA384:
            return LDNS_SHA384_DIGEST_LENGTH;
        default:
            return 0;
    }
}

struct Free {
    void operator()(ldns_buffer* buffer) const { ldns_buffer_free(buffer); }
    void operator()(ldns_rdf* data) const { ldns_rdf_deep_free(data); }
};
using Buffer = std::unique_ptr<ldns_buffer, Free>;

/// A signature as OpenSSL wants it: the two numbers of ECDSA (RFC 6605 section 4) in ASN.1.
std::string as_openssl(std::string_view signature, std::uint8_t algorithm) {
    if (algorithm != LDNS_ECDSAP256SHA256 && algorithm != LDNS_ECDSAP384SHA384)
        return std::string(signature);
    if (signature.size() != (algorithm == LDNS_ECDSAP256SHA256 ? 64U : 96U)) return {};
    const std::unique_ptr<ldns_rdf, Free> raw(
        ldns_rdf_new_frm_data(LDNS_RDF_TYPE_B64, signature.size(), signature.data())
    );
    const Buffer converted(ldns_buffer_new(LDNS_MIN_BUFLEN));
    if (!raw || !converted ||
        ldns_convert_ecdsa_rrsig_rdf2asn1(converted.get(), raw.get()) != LDNS_STATUS_OK)
        return {};
    return {
        reinterpret_cast<const char*>(ldns_buffer_begin(converted.get())),
        ldns_buffer_position(converted.get())
    };
}

}  // namespace

bool is_supported_algorithm(std::uint8_t algorithm) noexcept {
    return algorithm == LDNS_RSASHA256 || algorithm == LDNS_RSASHA512 ||
           algorithm == LDNS_ECDSAP256SHA256 || algorithm == LDNS_ECDSAP384SHA384 ||
           algorithm == LDNS_ED25519;
}

bool is_supported_digest(std::uint8_t digest_type) noexcept {
    return digest_size(digest_type) > 0;
}

bool is_signed(std::string_view data, const Key& key, std::string_view signature) {
    if (!is_supported_algorithm(key.algorithm) || key.public_key.size() > longest_public_key)
        return false;
    const Buffer signed_data(ldns_buffer_new(data.size()));
    if (!signed_data) return false;
    ldns_buffer_write(signed_data.get(), data.data(), data.size());
    // ldns takes what it only reads as not const.
    std::string signature_octets = as_openssl(signature, key.algorithm);
    std::string public_key = key.public_key;
    return !signature_octets.empty() &&
           ldns_verify_rrsig_buffers_raw(
               reinterpret_cast<unsigned char*>(signature_octets.data()), signature_octets.size(),
               signed_data.get(), reinterpret_cast<unsigned char*>(public_key.data()),
               public_key.size(), key.algorithm
           ) == LDNS_STATUS_OK;
}

bool is_digest_of(const DelegationSigner& signer, const Name& zone, const Key& key) {
    if (signer.key_tag != key.tag || signer.algorithm != key.algorithm) return false;
    const std::size_t size = digest_size(signer.digest_type);
    std::array<unsigned char, LDNS_SHA384_DIGEST_LENGTH> digest{};
    return size == signer.digest.size() &&
           digest_into(signer.digest_type, zone.wire() + key.data, digest.data()) != nullptr &&
           signer.digest == std::string_view(reinterpret_cast<const char*>(digest.data()), size);
}

std::string nsec3_hash(const Name& name, std::string_view salt, std::uint16_t iterations) {
    std::array<unsigned char, LDNS_SHA1_DIGEST_LENGTH> digest{};
    std::string hashed = name.wire();
    for (unsigned i = 0; i <= iterations; ++i) {
        hashed += salt;
        (void)digest_into(LDNS_SHA1, hashed, digest.data());
        hashed.assign(reinterpret_cast<const char*>(digest.data()), digest.size());
    }
    return hashed;
}

}  // namespace outpost::dnssec
