// SPDX-License-Identifier: Apache-2.0
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fcntl.h>

#include <asio/ip/address.hpp>
#include <memory>
#include <stdexcept>

#include "core/tls/context.hpp"
#include "core/tls/error.hpp"
#include "core/tls/freed.hpp"

namespace outpost::tls {
namespace {

using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Freed<X509_free>>;

template <class T>
T checked(T value, const char* what) {
    if (!value)
        throw std::runtime_error(
            std::string("cannot make a certificate: ") + what + ": " + last_openssl_error()
        );
    return value;
}

void add_extension(X509* certificate, X509* issuer, int nid, const std::string& value) {
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
    const std::unique_ptr<X509_EXTENSION, Freed<X509_EXTENSION_free>> extension(
        checked(X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()), value.c_str())
    );
    checked(X509_add_ext(certificate, extension.get(), -1), "extension");
}

Certificate make_certificate(
    EVP_PKEY* key, const std::string& common_name, long serial, X509* issuer
) {
    Certificate certificate(checked(X509_new(), "X509"));
    X509_set_version(certificate.get(), X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), serial);
    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -3600);
    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 10L * 365 * 24 * 3600);
    X509_NAME* name = X509_get_subject_name(certificate.get());
    X509_NAME_add_entry_by_txt(
        name, "CN", MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(common_name.c_str()), -1,
        -1, 0
    );
    X509_set_issuer_name(
        certificate.get(), issuer != nullptr ? X509_get_subject_name(issuer) : name
    );
    X509_set_pubkey(certificate.get(), key);
    return certificate;
}

std::string alternative_names(const std::vector<std::string>& names) {
    std::string out;
    for (const std::string& name : names) {
        asio::error_code error;
        asio::ip::make_address(name, error);
        out += (out.empty() ? "" : ",") + std::string(error ? "DNS:" : "IP:") + name;
    }
    return out;
}

template <class Write>
void write_pem(const std::filesystem::path& path, mode_t mode, Write write) {
    const int descriptor = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
    // A file that was there before keeps its mode; a key must not stay readable by all.
    if (descriptor < 0 || fchmod(descriptor, mode) != 0)
        throw std::runtime_error("cannot write " + path.string());
    FILE* file = fdopen(descriptor, "w");
    if (file == nullptr) throw std::runtime_error("cannot write " + path.string());
    const bool written = write(file) == 1;
    if (std::fclose(file) != 0 || !written)
        throw std::runtime_error("cannot write " + path.string());
}

}  // namespace

void mint_certificates(
    const std::filesystem::path& directory, const std::vector<std::string>& names
) {
    if (names.empty()) throw std::invalid_argument("a certificate needs a name");
    const Key ca_key(checked(EVP_EC_gen("P-256"), "key")), key(checked(EVP_EC_gen("P-256"), "key"));

    const Certificate ca = make_certificate(ca_key.get(), "Outpost local CA", 1, nullptr);
    add_extension(ca.get(), ca.get(), NID_basic_constraints, "critical,CA:TRUE");
    add_extension(ca.get(), ca.get(), NID_key_usage, "critical,keyCertSign,cRLSign");
    add_extension(ca.get(), ca.get(), NID_subject_key_identifier, "hash");
    checked(X509_sign(ca.get(), ca_key.get(), EVP_sha256()), "signature");

    const Certificate leaf = make_certificate(key.get(), names.front(), 2, ca.get());
    add_extension(leaf.get(), ca.get(), NID_basic_constraints, "critical,CA:FALSE");
    add_extension(leaf.get(), ca.get(), NID_ext_key_usage, "serverAuth,clientAuth");
    add_extension(leaf.get(), ca.get(), NID_authority_key_identifier, "keyid:always");
    add_extension(leaf.get(), ca.get(), NID_subject_alt_name, alternative_names(names));
    checked(X509_sign(leaf.get(), ca_key.get(), EVP_sha256()), "signature");

    std::filesystem::create_directories(directory);
    write_pem(directory / "ca.pem", 0644, [&](FILE* file) {
        return PEM_write_X509(file, ca.get());
    });
    write_pem(directory / "cert.pem", 0644, [&](FILE* file) {
        return PEM_write_X509(file, leaf.get());
    });
    write_pem(directory / "key.pem", 0600, [&](FILE* file) {
        return PEM_write_PrivateKey(file, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
    });
}

}  // namespace outpost::tls
