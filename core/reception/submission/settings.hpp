// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/mail/message/address.hpp"
#include "core/mail/sasl/mechanism.hpp"
#include "core/net/sockets/endpoint.hpp"
#include "core/net/tls/context.hpp"

namespace outpost::submission {

/// How a listener speaks TLS: not at all, offered, insisted on before MAIL, or from the first
/// octet.
enum class TlsMode { none, starttls, required, implicit };
/// Whether clients may, or must, authenticate.
enum class AuthMode { none, optional, required };

/// One way in for mail: a TCP port, or a unix-domain socket.
struct ListenerSettings {
    std::vector<net::IpAddress> addresses;  ///< empty only with `socket`
    std::uint16_t port = 0;
    /// A unix-domain socket instead of addresses; empty: none. Who may connect is trusted.
    std::filesystem::path socket;
    mode_t socket_mode = 0666;
    std::string hostname;  ///< announced instead of the node's host name; empty: that one

    TlsMode tls = TlsMode::starttls;
    tls::ServerSettings certificate;
    /// Announce REQUIRETLS (RFC 8689) to sessions under TLS.
    bool requiretls = true;

    /// Takes mail from strangers, and only what is for us: TLS reports, and bounces to our return
    /// paths. Authentication and what else is about submitting do not apply.
    bool receive = false;

    AuthMode auth = AuthMode::required;
    std::vector<net::Cidr> allowed_networks;  ///< clients from here need no authentication
    std::string
        account;  ///< the account that mail from the allowed networks or the socket counts for

    /// A submission service (RFC 6409) adds missing Date and Message-ID, and removes Bcc; a relay
    /// does not.
    bool submission = true;
    const char* source() const noexcept {
        return receive ? "receive" : submission ? "submission" : "relay";
    }
    std::optional<std::uint64_t> max_message_size;  ///< see largest_message()
    std::size_t max_recipients = 1000;
    std::size_t max_connections = 1000;
    std::size_t max_connections_per_ip = 50;
    /// Messages a minute and client address; 0: no limit.
    std::size_t max_messages_per_minute = 0;
    std::size_t max_received_fields = 50;  ///< more mean a loop (RFC 5321 section 6.3)
    std::chrono::seconds idle_timeout{300};

    /// Octets of a message. Reports that strangers send are much smaller than what is submitted.
    std::uint64_t largest_message() const noexcept {
        return max_message_size.value_or(receive ? 16 << 20 : 50 << 20);
    }
};

/// Who may submit mail, and as whom.
struct AccountSettings {
    sasl::StoredCredential credential;
    std::vector<std::string> logins;       ///< other names that this account may log in by
    std::vector<mail::Address> addresses;  ///< envelope senders permitted
    std::vector<dns::Domain> domains;      ///< all addresses in these are permitted too
    bool any_sender = false;               ///< may send as anyone (relays, trusted applications)
    /// What it submits by name must have one of its own addresses in the From field, too.
    bool check_header_from = true;
    std::size_t max_recipients_per_day = 0;  ///< 0: no limit
};

}  // namespace outpost::submission
