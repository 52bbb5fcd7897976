// SPDX-License-Identifier: Apache-2.0
#include "core/net/tls/tlsa_match.hpp"

#include <openssl/pem.h>
#include <openssl/x509.h>

#include <algorithm>
#include <memory>

#include "core/foundation/base/crypto.hpp"
#include "core/net/tls/error.hpp"
#include "core/net/tls/freed.hpp"

namespace outpost::tls {
namespace {

using Certificate = std::unique_ptr<X509, Freed<X509_free>>;
using Bio = std::unique_ptr<BIO, Freed<BIO_free>>;

constexpr std::uint8_t dane_ta = 2, dane_ee = 3;
constexpr std::uint8_t public_key = 1;
constexpr std::uint8_t sha256 = 1, sha512 = 2;

/// What `encode`, an i2d function, writes.
template <class T, class Encode>
std::string der_of(T* value, Encode encode) {
    const int size = encode(value, nullptr);
    if (size <= 0) return {};
    std::string der(static_cast<std::size_t>(size), '\0');
    auto* at = reinterpret_cast<unsigned char*>(der.data());
    encode(value, &at);
    return der;
}

std::string public_key_of(const std::string& der) {
    const auto* at = reinterpret_cast<const unsigned char*>(der.data());
    const Certificate certificate(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
    return certificate ? der_of(X509_get_X509_PUBKEY(certificate.get()), i2d_X509_PUBKEY)
                       : std::string();
}

/// What the record's association data would be if it were of this certificate.
std::string data_of(const TlsaRecord& record, const std::string& der) {
    const auto selected = record.selector == public_key ? public_key_of(der) : der;
    if (record.matching == sha256) return crypto::digest(crypto::Hash::sha256, selected);
    if (record.matching == sha512) return crypto::digest(crypto::Hash::sha512, selected);
    return selected;
}

}  // namespace

std::vector<std::string> certificates_in(std::string_view pem) {
    std::vector<std::string> all;
    const Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
    while (const Certificate one{PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)})
        all.push_back(der_of(one.get(), i2d_X509));
    last_openssl_error();  // the end of the file is one
    return all;
}

TlsaRecord tlsa_of_certificate(const std::string& der) {
    TlsaRecord record{dane_ee, public_key, sha256, {}};
    record.data = data_of(record, der);
    return record;
}

bool matches(const TlsaRecord& record, const std::vector<std::string>& chain) {
    if (chain.empty() || (record.usage != dane_ee && record.usage != dane_ta)) return false;
    const auto end = record.usage == dane_ee ? chain.begin() + 1 : chain.end();
    return std::any_of(chain.begin(), end, [&](const std::string& der) {
        return data_of(record, der) == record.data;
    });
}

}  // namespace outpost::tls
