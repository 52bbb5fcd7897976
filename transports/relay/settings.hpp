// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "core/delivery/interface/tls_mode.hpp"
#include "core/foundation/base/secret.hpp"
#include "core/mail/sasl/token_source.hpp"
#include "core/net/tls/context.hpp"
#include "transports/common/smtp_options.hpp"

namespace outpost::transports {

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

    std::uint16_t port_in_use() const noexcept;
    delivery::TlsMode tls_mode() const noexcept;
};

}  // namespace outpost::transports
