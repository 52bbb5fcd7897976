// SPDX-License-Identifier: Apache-2.0
#include "core/net/tls/judge.hpp"

#include <openssl/ssl.h>

#include <asio/ip/address.hpp>

#include "core/net/tls/dane.hpp"
#include "core/net/tls/pkix.hpp"

namespace outpost::tls {
namespace {

bool is_ip_address(const std::string& name) {
    asio::error_code error;
    asio::ip::make_address(name, error);
    return !error;
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

void fill_pkix(const PkixCheck& pkix, const std::string& name, TlsFacts& facts) {
    auto finding = pkix.of({name});
    facts.pkix_verified = finding.problem == PkixProblem::none;
    facts.pkix_problem = finding.problem;
    facts.pkix_error = std::move(finding.error);
    facts.pkix_reason_code = std::move(finding.reason_code);
}

void fill_dane(SSL* ssl, TlsFacts& facts) {
    auto verdict = dane_verdict(ssl);
    facts.dane_verified = verdict.matched;
    facts.dane_record = std::move(verdict.record);
    facts.dane_error = std::move(verdict.problem);
}

std::optional<TlsFailure> failure_of(
    const TlsRequirement& requirement, const PkixCheck& pkix, const TlsFacts& facts
) {
    if (!requirement.forbidden.empty() && !requirement.ignore_errors)
        return TlsFailure{TlsFailure::Kind::pkix, requirement.forbidden.front().reason, "", 0};
    if (!requirement.dane.empty() && facts.dane_verified != true)
        return TlsFailure{TlsFailure::Kind::dane, "DANE: " + facts.dane_error, "dane-no-match", 0};
    for (const PkixRequirement& one : requirement.pkix) {
        auto finding = pkix.of(one.names);
        if (finding.problem == PkixProblem::none) continue;
        return TlsFailure{
            TlsFailure::Kind::pkix, std::move(finding.error), std::move(finding.reason_code), 0
        };
    }
    return std::nullopt;
}

}  // namespace

void prepare(ssl_st* ssl, const std::string& name, const TlsDemand& demand) {
    if (const DaneRequirement* dane = dane_of(demand)) {
        enable_dane(ssl, *dane);
    } else if (!name.empty() && !is_ip_address(name)) {
        SSL_set_tlsext_host_name(ssl, name.c_str());
    }
}

std::optional<TlsFailure> judge(
    ssl_st* ssl, const std::string& name, const TlsDemand& demand, TlsFacts& facts
) {
    facts.version = SSL_get_version(ssl);
    facts.cipher = SSL_get_cipher_name(ssl);
    facts.resumed = SSL_session_reused(ssl) != 0;
    fill_channel_binding(ssl, facts);
    if (SSL_is_server(ssl) != 0) return std::nullopt;
    const bool by_dane = dane_of(demand) != nullptr;
    const PkixCheck pkix(ssl, by_dane);
    fill_pkix(pkix, name, facts);
    if (by_dane) fill_dane(ssl, facts);
    facts.watched = failure_of(demand.watched, pkix, facts);
    facts.unmet = failure_of(demand.enforced, pkix, facts);
    return facts.unmet;
}

}  // namespace outpost::tls
