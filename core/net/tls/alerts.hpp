// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <system_error>

#include "core/net/tls/observation.hpp"

struct ssl_st;

namespace outpost::tls {

/// Remembers the last fatal TLS alert (RFC 8446 section 6) that each side of a connection sent.
/// Stays where it is while the connection lives.
class Alerts {
  public:
    Alerts() = default;
    Alerts(const Alerts&) = delete;
    Alerts& operator=(const Alerts&) = delete;

    void watch(ssl_st* ssl);
    std::optional<int> sent() const noexcept { return sent_; }
    std::optional<int> received() const noexcept { return received_; }

  private:
    struct Hook;
    std::optional<int> sent_, received_;
};

/// Why a handshake ended with `error`, an error of asio::ssl or of the system, in the words that
/// TLS reports have for it: "tls-remote-alert-40-handshake-failure", "tls-record-header-error",
/// "connection-closed-during-handshake", "io-timeout-during-handshake".
TlsFailure handshake_failure(const std::error_code& error, const Alerts& alerts, bool timed_out);

/// The alert that made the first read after our side of the handshake fail: with TLS 1.3 a server
/// that does not like our side can only say so then. Nothing for any other error.
std::optional<TlsFailure> alert_after(const Alerts& alerts);

}  // namespace outpost::tls
