// SPDX-License-Identifier: Apache-2.0
#include "core/net/tls/tlsa.hpp"

#include <openssl/x509.h>

#include "core/foundation/base/crypto.hpp"
#include "core/foundation/base/encoding.hpp"
#include "core/foundation/base/private_key.hpp"
#include "core/net/tls/error.hpp"

namespace outpost::tls {
namespace {

constexpr std::uint8_t dane_ta = 2, dane_ee = 3;
constexpr std::uint8_t whole_certificate = 0, public_key = 1;
constexpr std::uint8_t full = 0, sha256 = 1, sha512 = 2;

/// Whether all of `der` is one value of the kind that `decode` reads.
template <auto Decode, auto Free>
bool is_one(const std::string& der) {
    const auto* at = reinterpret_cast<const unsigned char*>(der.data());
    const auto* const end = at + der.size();
    auto* const value = Decode(nullptr, &at, static_cast<long>(der.size()));
    if (value == nullptr) {
        last_openssl_error();  // empties the queue
        return false;
    }
    Free(value);
    return at == end;
}

bool is_certificate(const std::string& der) {
    const auto* at = reinterpret_cast<const unsigned char*>(der.data());
    X509* const certificate = d2i_X509(nullptr, &at, static_cast<long>(der.size()));
    const bool has_key = certificate != nullptr && X509_get0_pubkey(certificate) != nullptr;
    X509_free(certificate);
    last_openssl_error();
    return has_key && is_one<d2i_X509, X509_free>(der);
}

}  // namespace

std::optional<TlsaRecord> parse_tlsa(std::string_view rdata) {
    if (rdata.size() < 3) return std::nullopt;
    const auto octet = [&](std::size_t at) { return static_cast<std::uint8_t>(rdata[at]); };
    return TlsaRecord{octet(0), octet(1), octet(2), std::string(rdata.substr(3))};
}

bool is_usable(const TlsaRecord& record) {
    if (record.usage != dane_ta && record.usage != dane_ee) return false;
    if (record.selector != whole_certificate && record.selector != public_key) return false;
    switch (record.matching) {
        case full:
            return record.selector == whole_certificate
                       ? is_certificate(record.data)
                       : is_one<d2i_PUBKEY, EVP_PKEY_free>(record.data);
        case sha256:
            return record.data.size() == 32;
        case sha512:
            return record.data.size() == 64;
        default:
            return false;
    }
}

std::string text(const TlsaRecord& record) {
    return std::to_string(record.usage) + " " + std::to_string(record.selector) + " " +
           std::to_string(record.matching) + " " + hex_encode(record.data);
}

Result<TlsaRecord> tlsa_of_private_key(std::string_view pem) {
    const auto key = crypto::parse_private_key(pem);
    if (!key) return Err{key.error()};
    const auto der = crypto::public_key_info(key->get());
    if (der.empty()) return Err{std::string("has no public half that OpenSSL can write")};
    return TlsaRecord{dane_ee, public_key, sha256, crypto::digest(crypto::Hash::sha256, der)};
}

}  // namespace outpost::tls
