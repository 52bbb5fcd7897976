// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "core/foundation/base/secret.hpp"

/// OpenSSL's name for a key of any kind.
struct evp_pkey_st;

namespace outpost::tls {

/// A private key for certificates of a host, made before there is any: its TLSA record can be
/// published at once, and holds for every certificate that is ever made for the key (RFC 7671
/// section 5.1). Where OpenSSL fails, std::runtime_error.
class HostKey {
  public:
    static HostKey make_ecdsa();  ///< P-256
    static HostKey make_rsa();    ///< 2048 bits

    /// PKCS #8 (RFC 5958) as PEM, without a passphrase.
    Secret pem() const;

    /// What an ACME client hands to a certificate authority: PKCS #10 (RFC 2986) as PEM, for DNS
    /// names; the first is the subject.
    std::string request(const std::vector<std::string>& names) const;

    /// A self-signed certificate (PEM), which only a TLSA record vouches for: what a server can
    /// start with until it has another.
    std::string self_signed(const std::vector<std::string>& names, long days) const;

  private:
    explicit HostKey(std::shared_ptr<evp_pkey_st> key) : key_(std::move(key)) {}
    std::shared_ptr<evp_pkey_st> key_;
};

}  // namespace outpost::tls
