// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <string>

#include "core/net/tls/facts.hpp"
#include "core/net/tls/failure.hpp"

namespace outpost::tls {

/// What one new session with one host showed of its TLS.
struct TlsObservation {
    bool starttls_offered = false;      ///< by the EHLO reply in clear
    bool starttls_tried = false;        ///< STARTTLS was sent, be it without having been offered
    std::optional<TlsFacts> reached;    ///< the handshake ended well, whatever was judged of it
    std::optional<TlsFailure> failure;  ///< why TLS, or its verification, failed
    bool given_up = false;              ///< the failure ended the session: nothing was sent over it
    bool requiretls_offered = false;    ///< by the EHLO reply under TLS (RFC 8689)
    std::string sending_ip;             ///< ours; empty behind a proxy
    std::string receiving_ip;
    std::string helo;  ///< what the greeting says after its code, one line
};

}  // namespace outpost::tls
