// SPDX-License-Identifier: Apache-2.0
#include "core/mail/authentication/dkim/key.hpp"

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <stdexcept>

#include "core/foundation/base/private_key.hpp"

namespace outpost::dkim {
namespace {

using Key = std::shared_ptr<EVP_PKEY>;
using Bio = std::unique_ptr<BIO, int (*)(BIO*)>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, void (*)(EVP_PKEY_CTX*)>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)>;

/// Verifying with larger keys than this costs too much, for strangers.
constexpr unsigned largest_foreign_rsa = 8192;
constexpr std::size_t ed25519_octets = 32;

Key owned(EVP_PKEY* key) {
    return {key, EVP_PKEY_free};
}

const unsigned char* bytes(std::string_view s) {
    return reinterpret_cast<const unsigned char*>(s.data());
}
unsigned char* bytes(std::string& s) {
    return reinterpret_cast<unsigned char*>(s.data());
}

/// OpenSSL keeps its errors for the next caller on this thread, which would misread them.
void require(bool good, const char* what) {
    if (good) return;
    ERR_clear_error();
    throw std::runtime_error(std::string("OpenSSL could not ") + what);
}

KeyContext context_of(EVP_PKEY* key) {
    KeyContext context(EVP_PKEY_CTX_new(key, nullptr), EVP_PKEY_CTX_free);
    require(context != nullptr, "use a key");
    return context;
}

bool is_rsa_sha256(EVP_PKEY_CTX* context) {
    return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) == 1 &&
           EVP_PKEY_CTX_set_signature_md(context, EVP_sha256()) == 1;
}

std::string sign_rsa(EVP_PKEY* key, std::string_view digest) {
    const auto context = context_of(key);
    std::string value(static_cast<std::size_t>(EVP_PKEY_get_size(key)), '\0');
    std::size_t size = value.size();
    require(
        EVP_PKEY_sign_init(context.get()) == 1 && is_rsa_sha256(context.get()) &&
            EVP_PKEY_sign(context.get(), bytes(value), &size, bytes(digest), digest.size()) == 1,
        "sign"
    );
    value.resize(size);
    return value;
}

std::string sign_ed25519(EVP_PKEY* key, std::string_view digest) {
    const DigestContext context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    std::string value(2 * ed25519_octets, '\0');
    std::size_t size = value.size();
    require(
        context && EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key) == 1 &&
            EVP_DigestSign(context.get(), bytes(value), &size, bytes(digest), digest.size()) == 1,
        "sign"
    );
    return value;
}

bool verify_rsa(EVP_PKEY* key, std::string_view digest, std::string_view value) {
    const auto context = context_of(key);
    return EVP_PKEY_verify_init(context.get()) == 1 && is_rsa_sha256(context.get()) &&
           EVP_PKEY_verify(
               context.get(), bytes(value), value.size(), bytes(digest), digest.size()
           ) == 1;
}

bool verify_ed25519(EVP_PKEY* key, std::string_view digest, std::string_view value) {
    const DigestContext context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    return context && EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key) == 1 &&
           EVP_DigestVerify(
               context.get(), bytes(value), value.size(), bytes(digest), digest.size()
           ) == 1;
}

/// SubjectPublicKeyInfo, as everybody publishes; or the bare RSAPublicKey of RFC 6376.
Key parse_rsa(std::string_view octets) {
    const auto size = static_cast<long>(octets.size());
    const unsigned char* at = bytes(octets);
    Key key = owned(d2i_PUBKEY(nullptr, &at, size));
    if (!key) {
        at = bytes(octets);
        key = owned(d2i_PublicKey(EVP_PKEY_RSA, nullptr, &at, size));
    }
    const bool whole = key && at == bytes(octets) + octets.size();
    return whole && EVP_PKEY_get_base_id(key.get()) == EVP_PKEY_RSA ? key : nullptr;
}

std::string contents(BIO* bio) {
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio, &data);
    return {data, static_cast<std::size_t>(size)};
}

unsigned bits_of(EVP_PKEY* key) {
    return static_cast<unsigned>(EVP_PKEY_get_bits(key));
}

}  // namespace

Result<PrivateKey> PrivateKey::parse(std::string_view pem) {
    auto parsed = crypto::parse_private_key(pem);
    if (!parsed) return Err{parsed.error()};
    const Key key = std::move(*parsed);
    switch (EVP_PKEY_get_base_id(key.get())) {
        case EVP_PKEY_ED25519:
            return PrivateKey(key, Algorithm::ed25519_sha256);
        case EVP_PKEY_RSA:
            break;
        default:
            return Err{std::string("is neither an RSA nor an Ed25519 key")};
    }
    const unsigned bits = bits_of(key.get());
    if (bits < least_rsa_bits || bits > most_rsa_bits) {
        return Err{fmt::format(
            "is an RSA key of {} bits; verifiers take {} to {} (RFC 8301)", bits, least_rsa_bits,
            most_rsa_bits
        )};
    }
    return PrivateKey(key, Algorithm::rsa_sha256);
}

PrivateKey PrivateKey::make_rsa(unsigned bits) {
    Key key = owned(EVP_RSA_gen(bits));
    require(key != nullptr, "make an RSA key");
    return {std::move(key), Algorithm::rsa_sha256};
}

PrivateKey PrivateKey::make_ed25519() {
    Key key = owned(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
    require(key != nullptr, "make an Ed25519 key");
    return {std::move(key), Algorithm::ed25519_sha256};
}

unsigned PrivateKey::bits() const {
    return bits_of(key_.get());
}

std::string PrivateKey::sign(std::string_view digest) const {
    return algorithm_ == Algorithm::rsa_sha256 ? sign_rsa(key_.get(), digest)
                                               : sign_ed25519(key_.get(), digest);
}

Secret PrivateKey::pem() const {
    const Bio bio(BIO_new(BIO_s_secmem()), BIO_free);
    require(
        bio && PEM_write_bio_PrivateKey(
                   bio.get(), key_.get(), nullptr, nullptr, 0, nullptr, nullptr
               ) == 1,
        "write a key"
    );
    return Secret(contents(bio.get()));
}

std::string PrivateKey::public_octets() const {
    if (algorithm_ == Algorithm::ed25519_sha256) {
        std::string octets(ed25519_octets, '\0');
        std::size_t size = octets.size();
        require(EVP_PKEY_get_raw_public_key(key_.get(), bytes(octets), &size) == 1, "read a key");
        return octets;
    }
    auto octets = crypto::public_key_info(key_.get());
    require(!octets.empty(), "write a key");
    return octets;
}

Result<PublicKey> PublicKey::parse(Algorithm algorithm, std::string_view octets) {
    Key key;
    if (algorithm == Algorithm::rsa_sha256) {
        key = parse_rsa(octets);
    } else if (octets.size() == ed25519_octets) {
        key = owned(
            EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bytes(octets), octets.size())
        );
    }
    ERR_clear_error();
    if (!key) return Err{std::string("the public key cannot be read")};
    if (algorithm == Algorithm::rsa_sha256 && bits_of(key.get()) > largest_foreign_rsa)
        return Err{std::string("the public key is too large")};
    return PublicKey(std::move(key), algorithm);
}

unsigned PublicKey::bits() const {
    return bits_of(key_.get());
}

bool PublicKey::verify(std::string_view digest, std::string_view value) const {
    const bool good = algorithm_ == Algorithm::rsa_sha256
                          ? verify_rsa(key_.get(), digest, value)
                          : verify_ed25519(key_.get(), digest, value);
    ERR_clear_error();
    return good;
}

bool PublicKey::is_same_as(const PublicKey& other) const {
    return EVP_PKEY_eq(key_.get(), other.key_.get()) == 1;
}

}  // namespace outpost::dkim
