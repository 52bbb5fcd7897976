// SPDX-License-Identifier: Apache-2.0
#include "core/net/tls/pkix.hpp"

#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <memory>

#include "core/net/tls/error.hpp"

namespace outpost::tls {
namespace {

// RFC 9525: the subject's common name is ignored, and a wildcard is a whole label.
constexpr unsigned host_check =
    X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT;

bool certificate_is_for(X509* certificate, const std::string& name) {
    if (name.empty() || name.front() == '.')
        return false;  // OpenSSL would take ".a.example" for a suffix
    return X509_check_ip_asc(certificate, name.c_str(), 0) == 1 ||
           X509_check_host(certificate, name.data(), name.size(), host_check, nullptr) == 1;
}

/// A verification of our own, where the one of the handshake was by DANE records.
long verify_chain(SSL* ssl) {
    struct Free {
        void operator()(X509_STORE_CTX* context) const { X509_STORE_CTX_free(context); }
    };
    const std::unique_ptr<X509_STORE_CTX, Free> context(X509_STORE_CTX_new());
    X509_STORE* const roots = SSL_CTX_get_cert_store(SSL_get_SSL_CTX(ssl));
    X509* const leaf = SSL_get0_peer_certificate(ssl);
    STACK_OF(X509)* const shown = SSL_get_peer_cert_chain(ssl);
    if (!context || X509_STORE_CTX_init(context.get(), roots, leaf, shown) != 1)
        return X509_V_ERR_OUT_OF_MEM;
    X509_STORE_CTX_set_default(context.get(), "ssl_server");
    X509_VERIFY_PARAM_set_auth_level(
        X509_STORE_CTX_get0_param(context.get()), SSL_get_security_level(ssl)
    );
    const bool valid = X509_verify_cert(context.get()) == 1;
    last_openssl_error();  // empties the queue
    const int error = X509_STORE_CTX_get_error(context.get());
    return valid ? X509_V_OK : error == X509_V_OK ? X509_V_ERR_UNSPECIFIED : error;
}

/// RFC 8460 leaves failure-reason-code open; these say which rule of RFC 5280 was broken.
const char* reason_code(long error) {
    switch (error) {
        case X509_V_ERR_INVALID_CA:
        case X509_V_ERR_KEYUSAGE_NO_CERTSIGN:
            return "not-authorized-to-sign";
        case X509_V_ERR_PERMITTED_VIOLATION:
        case X509_V_ERR_EXCLUDED_VIOLATION:
            return "ca-not-authorized-for-this-name";
        case X509_V_ERR_PATH_LENGTH_EXCEEDED:
        case X509_V_ERR_CERT_CHAIN_TOO_LONG:
            return "too-many-intermediates";
        case X509_V_ERR_INVALID_PURPOSE:
            return "incompatible-key-usage";
        case X509_V_ERR_SUBJECT_ISSUER_MISMATCH:
        case X509_V_ERR_AKID_SKID_MISMATCH:
            return "parent-subject-child-issuer-mismatch";
        default:
            return "";
    }
}

PkixCheck::Finding chain_problem(long error) {
    const char* const text = X509_verify_cert_error_string(error);
    switch (error) {
        case X509_V_ERR_CERT_HAS_EXPIRED:
        case X509_V_ERR_CERT_NOT_YET_VALID:
            return {PkixProblem::expired, text, ""};
        case X509_V_ERR_OUT_OF_MEM:
        case X509_V_ERR_UNSPECIFIED:
            return {PkixProblem::other, text, ""};
        default:
            return {PkixProblem::not_trusted, text, reason_code(error)};
    }
}

}  // namespace

PkixCheck::PkixCheck(ssl_st* ssl, bool by_dane) : ssl_(ssl), chain_(X509_V_OK) {
    if (SSL_get0_peer_certificate(ssl) == nullptr) return;
    chain_ = by_dane ? verify_chain(ssl) : SSL_get_verify_result(ssl);
}

PkixCheck::Finding PkixCheck::of(const std::vector<std::string>& names) const {
    X509* const certificate = SSL_get0_peer_certificate(ssl_);
    if (certificate == nullptr)
        return {PkixProblem::other, "the server presented no certificate", ""};
    if (chain_ != X509_V_OK) return chain_problem(chain_);
    const bool named = std::any_of(names.begin(), names.end(), [&](const auto& name) {
        return certificate_is_for(certificate, name);
    });
    if (named) return {};
    return {
        PkixProblem::host_mismatch,
        "the certificate is not for " + (names.empty() ? "this host" : names.front()), ""
    };
}

}  // namespace outpost::tls
