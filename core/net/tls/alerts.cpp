// SPDX-License-Identifier: Apache-2.0
#include "core/net/tls/alerts.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <asio/error.hpp>
#include <asio/ssl/error.hpp>
#include <string>

namespace outpost::tls {
namespace {

/// The names of RFC 8446 section 6, not all of which OpenSSL 3.0 knows.
std::string alert_words(int alert) {
    switch (alert) {
        case SSL_AD_INAPPROPRIATE_FALLBACK:
            return "inappropriate fallback";
        case SSL_AD_MISSING_EXTENSION:
            return "missing extension";
        case SSL_AD_CERTIFICATE_REQUIRED:
            return "certificate required";
        default:
            return SSL_alert_desc_string_long(alert);
    }
}

std::string alert_code(const char* side, int alert) {
    std::string words = alert_words(alert);
    std::replace(words.begin(), words.end(), ' ', '-');
    return std::string("tls-") + side + "-alert-" + std::to_string(alert) + "-" + words;
}

bool is_of_openssl(const std::error_code& error) {
    return error.category() == asio::error::get_ssl_category();
}

/// What arrived was not a TLS record.
bool is_no_tls(const std::error_code& error) {
    if (!is_of_openssl(error)) return false;
    switch (ERR_GET_REASON(static_cast<unsigned long>(error.value()))) {
        case SSL_R_WRONG_VERSION_NUMBER:
        case SSL_R_HTTP_REQUEST:
        case SSL_R_HTTPS_PROXY_REQUEST:
        case SSL_R_BAD_RECORD_TYPE:
        case SSL_R_PACKET_LENGTH_TOO_LONG:
        case SSL_R_RECORD_LENGTH_MISMATCH:
            return true;
        default:
            return false;
    }
}

std::string reason_code(const std::error_code& error, const Alerts& alerts, bool timed_out) {
    if (timed_out) return "io-timeout-during-handshake";
    if (alerts.received()) return alert_code("remote", *alerts.received());
    if (is_no_tls(error)) return "tls-record-header-error";
    // OpenSSL also sends an alert into a connection that has ended: that is not the reason.
    if (!is_of_openssl(error)) return "connection-closed-during-handshake";
    if (alerts.sent()) return alert_code("local", *alerts.sent());
    return {};
}

}  // namespace

struct Alerts::Hook {
    static int index() {
        static const int made = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
        return made;
    }
    static void noted(const SSL* ssl, int where, int value) {
        if ((where & SSL_CB_ALERT) == 0 || value >> 8 != SSL3_AL_FATAL) return;
        auto* const alerts = static_cast<Alerts*>(SSL_get_ex_data(ssl, index()));
        ((where & SSL_CB_READ) != 0 ? alerts->received_ : alerts->sent_) = value & 0xff;
    }
};

void Alerts::watch(ssl_st* ssl) {
    SSL_set_ex_data(ssl, Hook::index(), this);
    SSL_set_info_callback(ssl, Hook::noted);
}

TlsFailure handshake_failure(const std::error_code& error, const Alerts& alerts, bool timed_out) {
    const std::string why = timed_out ? "no answer in time" : error.message();
    return {
        TlsFailure::Kind::handshake, "TLS handshake failed: " + why,
        reason_code(error, alerts, timed_out), 0
    };
}

std::optional<TlsFailure> alert_after(const Alerts& alerts) {
    if (!alerts.received()) return std::nullopt;
    return TlsFailure{
        TlsFailure::Kind::alert_after,
        "the remote ended TLS after the handshake: " + alert_words(*alerts.received()),
        alert_code("remote", *alerts.received()), 0
    };
}

}  // namespace outpost::tls
