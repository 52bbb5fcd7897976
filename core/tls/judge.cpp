// SPDX-License-Identifier: Apache-2.0
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>

#include "core/tls/context.hpp"

namespace outpost::tls {
namespace {

// RFC 9525: the subject's common name counts for nothing, and a wildcard is a whole label.
constexpr unsigned host_check =
    X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT;

bool certificate_is_for(X509* certificate, const std::string& name) {
    if (name.empty() || name.front() == '.')
        return false;  // OpenSSL would take ".a.example" for a suffix
    return X509_check_ip_asc(certificate, name.c_str(), 0) == 1 ||
           X509_check_host(certificate, name.data(), name.size(), host_check, nullptr) == 1;
}

/// Why the peer's certificate does not stand for any of these names; empty when it does.
std::string pkix_problem(SSL* ssl, const std::vector<std::string>& names) {
    X509* certificate = SSL_get0_peer_certificate(ssl);
    if (certificate == nullptr) return "the server presented no certificate";
    const long chain = SSL_get_verify_result(ssl);
    if (chain != X509_V_OK) return X509_verify_cert_error_string(chain);
    const bool named = std::any_of(names.begin(), names.end(), [&](const auto& name) {
        return certificate_is_for(certificate, name);
    });
    return named ? ""
                 : "the certificate is not for " + (names.empty() ? "this host" : names.front());
}

// RFC 9266 for TLS 1.3; tls-unique (RFC 5929) before, where it is sound: extended master secret
// (RFC 7627) and a full handshake.
void fill_channel_binding(SSL* ssl, TlsFacts& facts) {
    if (SSL_version(ssl) >= TLS1_3_VERSION) {
        constexpr std::string_view label = "EXPORTER-Channel-Binding";
        std::string data(32, '\0');
        if (SSL_export_keying_material(
                ssl, reinterpret_cast<unsigned char*>(data.data()), data.size(), label.data(),
                label.size(), reinterpret_cast<const unsigned char*>(""), 0, 1
            ) == 1) {
            facts.channel_binding_type = "tls-exporter";
            facts.channel_binding = std::move(data);
        }
    } else if (SSL_get_extms_support(ssl) == 1 && SSL_session_reused(ssl) == 0) {
        char finished[EVP_MAX_MD_SIZE];
        const std::size_t length = SSL_is_server(ssl) != 0
                                       ? SSL_get_peer_finished(ssl, finished, sizeof finished)
                                       : SSL_get_finished(ssl, finished, sizeof finished);
        facts.channel_binding_type = "tls-unique";
        facts.channel_binding.assign(finished, length);
    }
}

std::string unmet(SSL* ssl, const TlsRequirement& requirement) {
    if (!requirement.forbidden.empty()) return requirement.forbidden.front().reason;
    for (const PkixRequirement& one : requirement.pkix) {
        std::string problem = pkix_problem(ssl, one.names);
        if (!problem.empty()) return problem;
    }
    // DANE records need OpenSSL's support switched on before the handshake. A connection on which
    // they were not checked has not met them.
    if (!requirement.dane.empty()) return "DANE records were not checked on this connection";
    return {};
}

}  // namespace

std::string judge(
    ssl_st* ssl, const std::string& name, const TlsRequirement& requirement, TlsFacts& facts
) {
    facts.version = SSL_get_version(ssl);
    facts.cipher = SSL_get_cipher_name(ssl);
    facts.resumed = SSL_session_reused(ssl) != 0;
    fill_channel_binding(ssl, facts);
    if (SSL_is_server(ssl) == 0) {
        facts.pkix_error = pkix_problem(ssl, {name});
        facts.pkix_verified = facts.pkix_error.empty();
    }
    std::string problem = unmet(ssl, requirement);
    facts.requirement_met = problem.empty();
    return problem;
}

}  // namespace outpost::tls
