// SPDX-License-Identifier: Apache-2.0
#include "tests/support/test_certificate.hpp"

#include <openssl/evp.h>
#include <openssl/x509v3.h>

#include <asio/ip/address.hpp>
#include <atomic>
#include <stdexcept>

#include "core/foundation/base/crypto.hpp"

namespace outpost::test {
namespace {

constexpr long seconds_a_day = 24L * 3600;

void check(bool done) {
    if (!done) throw std::runtime_error("cannot make a certificate for a test");
}

std::string alternative_names(const std::vector<std::string>& names) {
    std::string out;
    for (const std::string& name : names) {
        asio::error_code no_address;
        asio::ip::make_address(name, no_address);
        out += (out.empty() ? "" : ",") + std::string(no_address ? "DNS:" : "IP:") + name;
    }
    return out;
}

void add_extension(X509* certificate, X509* issuer, int nid, const std::string& value) {
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
    const std::unique_ptr<X509_EXTENSION, decltype(&X509_EXTENSION_free)> extension(
        X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()), X509_EXTENSION_free
    );
    check(extension && X509_add_ext(certificate, extension.get(), -1) == 1);
}

void add_extensions(X509* certificate, X509* issuer, const CertificateContent& content) {
    const auto add = [&](int nid, const std::string& value) {
        add_extension(certificate, issuer, nid, value);
    };
    add(NID_basic_constraints, content.authority ? "critical,CA:TRUE" : "critical,CA:FALSE");
    add(NID_subject_key_identifier, "hash");
    if (issuer != certificate) add(NID_authority_key_identifier, "keyid:always");
    if (content.authority) {
        add(NID_key_usage, "critical,keyCertSign,cRLSign");
        return;
    }
    add(NID_ext_key_usage, content.usage);
    if (!content.names.empty()) add(NID_subject_alt_name, alternative_names(content.names));
}

template <auto Encode, class T>
std::string encoded(T* value) {
    unsigned char* der = nullptr;
    const int size = Encode(value, &der);
    check(size > 0);
    std::string out(reinterpret_cast<const char*>(der), static_cast<std::size_t>(size));
    OPENSSL_free(der);
    return out;
}

}  // namespace

TestCertificate::TestCertificate(const CertificateContent& content, const TestCertificate* issuer)
    : key_(EVP_EC_gen("P-256"), EVP_PKEY_free), certificate_(X509_new(), X509_free) {
    static std::atomic<long> serial{1};
    X509* const made = certificate_.get();
    X509* const signer = issuer != nullptr ? issuer->certificate() : made;
    X509_set_version(made, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(made), serial++);
    X509_gmtime_adj(X509_getm_notBefore(made), content.valid_from * seconds_a_day);
    X509_gmtime_adj(X509_getm_notAfter(made), content.valid_to * seconds_a_day);
    const auto* name = reinterpret_cast<const unsigned char*>(content.common_name.c_str());
    X509_NAME_add_entry_by_txt(X509_get_subject_name(made), "CN", MBSTRING_UTF8, name, -1, -1, 0);
    X509_set_issuer_name(made, X509_get_subject_name(signer));
    X509_set_pubkey(made, key_.get());
    add_extensions(made, signer, content);
    EVP_PKEY* const signing = issuer != nullptr ? issuer->key() : key_.get();
    check(X509_sign(made, signing, EVP_sha256()) > 0);
}

TestCertificate TestCertificate::authority(
    const std::string& common_name, const TestCertificate* issuer
) {
    CertificateContent content;
    content.common_name = common_name;
    content.authority = true;
    return TestCertificate(content, issuer);
}

std::string TestCertificate::der() const {
    return encoded<i2d_X509>(certificate_.get());
}

std::string TestCertificate::public_key_der() const {
    return encoded<i2d_PUBKEY>(key_.get());
}

tls::TlsaRecord TestCertificate::tlsa(int usage, int selector, int matching) const {
    std::string data = selector == 0 ? der() : public_key_der();
    if (matching == 1) data = crypto::digest(crypto::Hash::sha256, data);
    if (matching == 2) data = crypto::digest(crypto::Hash::sha512, data);
    const auto octet = [](int value) { return static_cast<std::uint8_t>(value); };
    return {octet(usage), octet(selector), octet(matching), std::move(data)};
}

}  // namespace outpost::test
