// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <string>
#include <string_view>

#include "core/foundation/base/result.hpp"
#include "core/foundation/base/secret.hpp"
#include "core/mail/authentication/dkim/signature.hpp"

/// OpenSSL's name for a key of any kind.
struct evp_pkey_st;

namespace outpost::dkim {

/// The size of RSA keys that we sign with: verifiers must take these (RFC 8301 section 3.2).
constexpr unsigned least_rsa_bits = 1024, advised_rsa_bits = 2048, most_rsa_bits = 4096;

/// What signs. Immutable and shared, so thread-safe; the key is never shown.
class PrivateKey {
  public:
    /// Reads PEM, PKCS #8 or the older form of RSA, without a passphrase. The error says what is
    /// wrong and nothing of the key.
    static Result<PrivateKey> parse(std::string_view pem);
    static PrivateKey make_rsa(unsigned bits = advised_rsa_bits);
    static PrivateKey make_ed25519();

    Algorithm algorithm() const noexcept { return algorithm_; }
    unsigned bits() const;
    /// Signs a SHA-256 digest: RSASSA-PKCS1-v1_5, or PureEdDSA of the digest (RFC 8463 section 3).
    std::string sign(std::string_view digest) const;
    /// PKCS #8 as PEM, for the file.
    Secret pem() const;
    /// What p= says of the public half: SubjectPublicKeyInfo, or the 32 octets of Ed25519.
    std::string public_octets() const;

  private:
    PrivateKey(std::shared_ptr<evp_pkey_st> key, Algorithm algorithm)
        : key_(std::move(key)), algorithm_(algorithm) {}
    std::shared_ptr<evp_pkey_st> key_;
    Algorithm algorithm_;
};

/// What verifies.
class PublicKey {
  public:
    /// From the octets of p=. The error is a sentence.
    static Result<PublicKey> parse(Algorithm algorithm, std::string_view octets);

    unsigned bits() const;
    bool verify(std::string_view digest, std::string_view value) const;
    /// The same key, however it was written.
    bool is_same_as(const PublicKey& other) const;

  private:
    PublicKey(std::shared_ptr<evp_pkey_st> key, Algorithm algorithm)
        : key_(std::move(key)), algorithm_(algorithm) {}
    std::shared_ptr<evp_pkey_st> key_;
    Algorithm algorithm_;
};

}  // namespace outpost::dkim
