// SPDX-License-Identifier: Apache-2.0
#include "core/net/tls/x509_parts.hpp"

#include <asio/ip/address.hpp>

namespace outpost::tls {

Certificate make_certificate(
    EVP_PKEY* key, const std::string& common_name, long serial, X509* issuer, long days
) {
    Certificate certificate(checked(X509_new(), "X509"));
    X509_set_version(certificate.get(), X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), serial);
    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -3600);
    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), days * 24 * 3600);
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

void add_extension(X509* certificate, X509* issuer, int nid, const std::string& value) {
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
    const Extension extension(
        checked(X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()), value.c_str())
    );
    checked(X509_add_ext(certificate, extension.get(), -1), "extension");
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

}  // namespace outpost::tls
