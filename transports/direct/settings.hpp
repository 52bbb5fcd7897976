// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "core/foundation/base/secret.hpp"
#include "transports/common/smtp_options.hpp"

namespace outpost::transports {

/// To the recipient domain's MX hosts.
struct DirectSettings {
    SmtpOptions smtp;
    bool ipv4 = true, ipv6 = true;
    std::uint16_t port = 25;
};

/// Directly, through a SOCKS5 proxy.
struct SocksSettings {
    DirectSettings direct;
    std::string host;
    std::uint16_t port = 1080;
    std::string username;
    Secret password;
    std::vector<net::IpAddress>
        remote_ips;  ///< the proxy's outgoing addresses, for checks of DNS records
};

}  // namespace outpost::transports
