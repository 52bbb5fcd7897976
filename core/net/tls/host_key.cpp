// SPDX-License-Identifier: Apache-2.0
#include "core/net/tls/host_key.hpp"

#include <openssl/pem.h>
#include <openssl/rand.h>

#include "core/net/tls/x509_parts.hpp"

namespace outpost::tls {
namespace {

/// RFC 5280 appendix A.1, ub-common-name. A longer name is in the subjectAltName alone.
constexpr std::size_t longest_common_name = 64;

using Request = std::unique_ptr<X509_REQ, Freed<X509_REQ_free>>;
using Bio = std::unique_ptr<BIO, Freed<BIO_free>>;

struct FreeExtensions {
    void operator()(STACK_OF(X509_EXTENSION) * all) const {
        sk_X509_EXTENSION_pop_free(all, X509_EXTENSION_free);
    }
};

Bio memory() {
    return Bio(checked(BIO_new(BIO_s_mem()), "memory"));
}

std::string text_of(BIO* bio) {
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio, &data);
    return std::string(data, static_cast<std::size_t>(size));
}

std::shared_ptr<evp_pkey_st> owned(EVP_PKEY* key) {
    return {checked(key, "key"), EVP_PKEY_free};
}

std::string common_name(const std::vector<std::string>& names) {
    if (names.empty()) throw std::invalid_argument("a certificate needs a name");
    return names.front().size() <= longest_common_name ? names.front() : std::string();
}

void set_subject(X509_REQ* request, const std::string& name) {
    if (name.empty()) return;
    checked(
        X509_NAME_add_entry_by_txt(
            X509_REQ_get_subject_name(request), "CN", MBSTRING_UTF8,
            reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0
        ),
        "subject"
    );
}

void ask_for_names(X509_REQ* request, const std::vector<std::string>& names) {
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, nullptr, nullptr, request, nullptr, 0);
    const std::unique_ptr<STACK_OF(X509_EXTENSION), FreeExtensions> extensions(
        checked(sk_X509_EXTENSION_new_null(), "extensions")
    );
    Extension extension(checked(
        X509V3_EXT_conf_nid(
            nullptr, &context, NID_subject_alt_name, alternative_names(names).c_str()
        ),
        "names"
    ));
    checked(sk_X509_EXTENSION_push(extensions.get(), extension.get()), "extension");
    extension.release();  // the list has it now
    checked(X509_REQ_add_extensions(request, extensions.get()), "extensions");
}

/// 63 random bits: certificates of one issuer must not share a serial number (RFC 5280 section
/// 4.1.2.2), and each of these is an issuer of the same name.
long random_serial() {
    long serial = 0;
    checked(
        RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial) == 1, "serial number"
    );
    return serial & 0x7fff'ffff'ffff'ffff;
}

}  // namespace

HostKey HostKey::make_ecdsa() {
    return HostKey(owned(EVP_EC_gen("P-256")));
}

HostKey HostKey::make_rsa() {
    return HostKey(owned(EVP_RSA_gen(2048)));
}

Secret HostKey::pem() const {
    const Bio bio = memory();
    checked(
        PEM_write_bio_PKCS8PrivateKey(
            bio.get(), key_.get(), nullptr, nullptr, 0, nullptr, nullptr
        ) == 1,
        "key"
    );
    return Secret(text_of(bio.get()));
}

std::string HostKey::request(const std::vector<std::string>& names) const {
    const Request request(checked(X509_REQ_new(), "request"));
    checked(X509_REQ_set_version(request.get(), X509_REQ_VERSION_1), "version");
    set_subject(request.get(), common_name(names));
    ask_for_names(request.get(), names);
    checked(X509_REQ_set_pubkey(request.get(), key_.get()), "key");
    checked(X509_REQ_sign(request.get(), key_.get(), EVP_sha256()), "signature");
    const Bio bio = memory();
    checked(PEM_write_bio_X509_REQ(bio.get(), request.get()), "request");
    return text_of(bio.get());
}

std::string HostKey::self_signed(const std::vector<std::string>& names, long days) const {
    // An issuer must have a name (RFC 5280 section 4.1.2.4), even where the host's is too long.
    const auto name = common_name(names);
    const Certificate certificate = make_certificate(
        key_.get(), name.empty() ? "self-signed" : name, random_serial(), nullptr, days
    );
    add_extension(certificate.get(), certificate.get(), NID_basic_constraints, "critical,CA:FALSE");
    add_extension(certificate.get(), certificate.get(), NID_ext_key_usage, "serverAuth");
    add_extension(
        certificate.get(), certificate.get(), NID_subject_alt_name, alternative_names(names)
    );
    checked(X509_sign(certificate.get(), key_.get(), EVP_sha256()), "signature");
    const Bio bio = memory();
    checked(PEM_write_bio_X509(bio.get(), certificate.get()), "certificate");
    return text_of(bio.get());
}

}  // namespace outpost::tls
