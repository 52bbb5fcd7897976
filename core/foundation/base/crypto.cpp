// SPDX-License-Identifier: Apache-2.0
#include "core/foundation/base/crypto.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <stdexcept>

#include "core/foundation/base/secret.hpp"

namespace outpost {

Secret::~Secret() {
    if (!value_.empty()) OPENSSL_cleanse(value_.data(), value_.size());
}

namespace crypto {
namespace {

const EVP_MD* algorithm(Hash hash) {
    switch (hash) {
        case Hash::sha1:
            return EVP_sha1();
        case Hash::sha256:
            return EVP_sha256();
        case Hash::sha512:
            return EVP_sha512();
    }
    return EVP_sha256();
}

const unsigned char* bytes(std::string_view s) {
    return reinterpret_cast<const unsigned char*>(s.data());
}
unsigned char* bytes(std::string& s) {
    return reinterpret_cast<unsigned char*>(s.data());
}

}  // namespace

std::string digest(Hash hash, std::string_view data) {
    std::string out(EVP_MAX_MD_SIZE, '\0');
    unsigned length = 0;
    if (EVP_Digest(data.data(), data.size(), bytes(out), &length, algorithm(hash), nullptr) != 1) {
        throw std::runtime_error("OpenSSL could not compute a digest");
    }
    out.resize(length);
    return out;
}

Hasher::Hasher(Hash hash) : state_(EVP_MD_CTX_new(), EVP_MD_CTX_free) {
    if (!state_ || EVP_DigestInit_ex(state_.get(), algorithm(hash), nullptr) != 1)
        throw std::runtime_error("OpenSSL could not compute a digest");
}

void Hasher::feed(std::string_view piece) {
    if (EVP_DigestUpdate(state_.get(), piece.data(), piece.size()) != 1)
        throw std::runtime_error("OpenSSL could not compute a digest");
}

std::string Hasher::finish() {
    std::string out(EVP_MAX_MD_SIZE, '\0');
    unsigned length = 0;
    if (EVP_DigestFinal_ex(state_.get(), bytes(out), &length) != 1)
        throw std::runtime_error("OpenSSL could not compute a digest");
    out.resize(length);
    return out;
}

std::string hmac(Hash hash, std::string_view key, std::string_view data) {
    std::string out(EVP_MAX_MD_SIZE, '\0');
    unsigned length = 0;
    if (HMAC(
            algorithm(hash), key.data(), static_cast<int>(key.size()), bytes(data), data.size(),
            bytes(out), &length
        ) == nullptr) {
        throw std::runtime_error("OpenSSL could not compute an HMAC");
    }
    out.resize(length);
    return out;
}

std::string pbkdf2(
    Hash hash, std::string_view password, std::string_view salt, unsigned iterations
) {
    const EVP_MD* md = algorithm(hash);
    std::string out(static_cast<std::size_t>(EVP_MD_get_size(md)), '\0');
    if (PKCS5_PBKDF2_HMAC(
            password.data(), static_cast<int>(password.size()), bytes(salt),
            static_cast<int>(salt.size()), static_cast<int>(iterations), md,
            static_cast<int>(out.size()), bytes(out)
        ) != 1) {
        throw std::runtime_error("OpenSSL could not derive a key");
    }
    return out;
}

std::string random_bytes(std::size_t count) {
    std::string out(count, '\0');
    if (RAND_bytes(bytes(out), static_cast<int>(count)) != 1) {
        throw std::runtime_error("the system gave no random bytes");
    }
    return out;
}

bool equal_constant_time(std::string_view a, std::string_view b) noexcept {
    return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace crypto
}  // namespace outpost
