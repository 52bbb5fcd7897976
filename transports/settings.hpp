// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "core/delivery/interface/rate.hpp"
#include "core/foundation/base/secret.hpp"
#include "core/mail/sasl/token_source.hpp"
#include "core/net/sockets/endpoint.hpp"
#include "core/net/tls/context.hpp"

namespace outpost::transports {

/// What every transport that speaks SMTP has.
struct SmtpOptions {
    std::string ehlo_name;                ///< empty: the node's host name
    net::IpAddress source_v4, source_v6;  ///< bound to before connecting, where not unspecified
    std::size_t max_connections = 0;      ///< at once, in all; 0: as the dispatcher allows
    delivery::Rate rate;                  ///< messages in all; unset: as the dispatcher allows
    std::size_t max_idle_per_host = 10;   ///< unused connections kept open to one host
    std::size_t max_messages_per_connection = 100;
    std::chrono::seconds idle_timeout{30};  ///< an unused connection is kept so long
    std::chrono::seconds connect_timeout{30};
};

/// To the recipient domain's MX hosts.
struct DirectSettings {
    SmtpOptions smtp;
    bool ipv4 = true, ipv6 = true;
    std::uint16_t port = 25;
};

/// How a relay is to be authenticated to.
struct AuthSettings {
    std::string username;
    Secret password;
    sasl::TokenSettings token;            ///< instead of a password
    std::vector<std::string> mechanisms;  ///< in order of preference; empty: the strongest offered
};

/// TLS to a relay. `verified` is the default: the relay is named in our own configuration.
enum class RelayTls { verified, encrypted, opportunistic, none };

/// To a relay: `smtp` (port 25), `submission` (587), `submissions` (465).
struct RelaySettings {
    enum class Kind { smtp, submission, submissions };
    Kind kind = Kind::smtp;
    SmtpOptions smtp;
    std::vector<std::string> hosts;  ///< tried in order
    std::uint16_t port = 0;          ///< 0: that of the kind
    RelayTls tls = RelayTls::verified;
    tls::ClientSettings
        tls_files;      ///< roots and client certificate for this relay; empty: the global ones
    AuthSettings auth;  ///< empty username and token: none
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

/// Refuses everything.
struct FailSettings {
    int code = 554;      ///< 4yz: deferred, 5yz: failed
    std::string status;  ///< enhanced status; empty: 4.7.0 or 5.7.0
    std::string message = "transport refuses all mail";
};

/// Takes everything, delivers nothing.
struct DiscardSettings {
    std::chrono::milliseconds delay{0};
};

/// A transport of a plugin, which alone understands the options.
struct PluginSettings {
    std::string transport;  ///< the name that the plugin registered
    std::map<std::string, std::string> options;
    bool own_process = true;  ///< false: in the server's, which dies with it
};

using TransportSettings = std::variant<
    DirectSettings, RelaySettings, SocksSettings, FailSettings, DiscardSettings, PluginSettings>;

}  // namespace outpost::transports
