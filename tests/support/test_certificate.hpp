// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "core/net/tls/requirement.hpp"

struct x509_st;
struct evp_pkey_st;

namespace outpost::test {

/// What a certificate says.
struct CertificateContent {
    std::string common_name = "mx.test";
    std::vector<std::string> names = {"mx.test"};  ///< DNS names or IP addresses
    bool authority = false;                        ///< may sign others; then it has no names
    int valid_from = -1, valid_to = 30;            ///< days from now
    std::string usage = "serverAuth";              ///< extended key usage, unless an authority
};

/// A certificate in memory with a new key (ECDSA P-256), signed by an issuer or by itself.
class TestCertificate {
  public:
    explicit TestCertificate(
        const CertificateContent& content, const TestCertificate* issuer = nullptr
    );
    static TestCertificate authority(
        const std::string& common_name, const TestCertificate* issuer = nullptr
    );

    x509_st* certificate() const noexcept { return certificate_.get(); }
    evp_pkey_st* key() const noexcept { return key_.get(); }
    std::string der() const;
    std::string public_key_der() const;  ///< SubjectPublicKeyInfo
    /// The TLSA record that stands for it.
    tls::TlsaRecord tlsa(int usage, int selector, int matching) const;

  private:
    std::shared_ptr<evp_pkey_st> key_;
    std::shared_ptr<x509_st> certificate_;
};

}  // namespace outpost::test
