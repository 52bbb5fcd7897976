// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "core/domains/check/served.hpp"
#include "core/net/sockets/dialer.hpp"

namespace outpost::domain_check {

/// Connects to port 25 and goes as far as a sender does before MAIL. The certificate is checked
/// against these TLSA records, and by PKIX for `host`; neither ends the session. Takes half a
/// minute at most. The dialer outlives the call.
awaitable<Session> open_session(
    net::Dialer& dialer, net::IpAddress address, std::string host, std::string ehlo_name,
    std::vector<tls::TlsaRecord> tlsa
);

}  // namespace outpost::domain_check
