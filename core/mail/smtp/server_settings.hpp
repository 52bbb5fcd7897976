// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "core/mail/smtp/data_decoder.hpp"
#include "core/mail/smtp/server_auth_throttle.hpp"
#include "core/mail/smtp/server_budget.hpp"
#include "core/net/tls/context.hpp"

namespace outpost::smtp {

/// What the sessions of one listener offer and allow. Shared by them, not changed once they run.
struct ServerSettings {
    std::string hostname;
    ContentLimits content;
    std::size_t max_recipients = 1000;
    std::size_t max_messages = 10'000;    ///< of one session (LIMITS MAILMAX, RFC 9422)
    std::size_t max_errors = 20;          ///< refused commands, then 421
    std::size_t max_idle_commands = 100;  ///< NOOP, RSET, VRFY… between two messages, then 421
    std::size_t max_auth_failures = 3;    ///< then 421

    tls::ContextPtr tls;        ///< null: no TLS
    bool implicit_tls = false;  ///< from the first octet
    bool tls_required = false;  ///< no mail in clear
    bool auth_offered = false;
    bool dsn_offered = true;                        ///< RFC 3461
    bool requiretls_offered = false;                ///< RFC 8689; announced under TLS only
    std::chrono::seconds max_hold{60 * 24 * 3600};  ///< FUTURERELEASE (RFC 4865); 0: not offered

    std::chrono::seconds idle_timeout{300};      ///< waiting for a command, or for more content
    std::chrono::seconds content_timeout{3600};  ///< one message in all: drips are bounded too
    std::chrono::seconds session_timeout{24 * 3600};
    /// Longest wait before a failed AUTH is answered; tests make it short.
    Duration max_auth_delay = std::chrono::seconds(5);

    std::shared_ptr<MemoryBudget> memory = std::make_shared<MemoryBudget>(512 << 20);
    std::shared_ptr<AuthThrottle> throttle = std::make_shared<AuthThrottle>();
};

}  // namespace outpost::smtp
