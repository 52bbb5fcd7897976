// SPDX-License-Identifier: Apache-2.0
#include "core/foundation/base/private_key.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

namespace outpost::crypto {
namespace {

int no_passphrase(char*, int, int, void*) {
    return 0;
}

}  // namespace

Result<std::shared_ptr<evp_pkey_st>> parse_private_key(std::string_view pem) {
    const std::unique_ptr<BIO, int (*)(BIO*)> bio(
        BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free
    );
    std::shared_ptr<evp_pkey_st> key(
        PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr), EVP_PKEY_free
    );
    ERR_clear_error();
    if (!key) return Err{std::string("is no private key in PEM without a passphrase")};
    return key;
}

std::string public_key_info(evp_pkey_st* key) {
    const int size = i2d_PUBKEY(key, nullptr);
    std::string der(size > 0 ? static_cast<std::size_t>(size) : 0, '\0');
    auto* at = reinterpret_cast<unsigned char*>(der.data());
    const bool written = size > 0 && i2d_PUBKEY(key, &at) == size;
    ERR_clear_error();
    return written ? der : std::string();
}

}  // namespace outpost::crypto
