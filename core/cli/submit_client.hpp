// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <optional>
#include <string>

#include "core/delivery/smtp_client/smtp_session.hpp"
#include "core/mail/sasl/token_source.hpp"
#include "core/net/tls/context.hpp"

namespace outpost::cli {

/// A server to hand mail to, and how.
struct SubmissionServer {
    std::filesystem::path socket;  ///< of a server on this machine, instead of host and port
    std::string host;              ///< name (also of its certificate) or IP address
    std::uint16_t port = 25;
    delivery::TlsMode tls = delivery::TlsMode::none;
    tls::ClientSettings tls_files;
    bool verify = true;
    std::optional<delivery::Login> login;
    sasl::TokenSettings token;  ///< for logins by token
    std::string ehlo_name = "localhost";
};

/// A session that is open and logged in, or why there is none.
struct Connected {
    std::unique_ptr<delivery::SmtpSession> session;
    std::optional<delivery::Verdict> refused;
    bool unreachable = false;
};
awaitable<Connected> connect(const SubmissionServer& server, delivery::Transcript& transcript);

/// Hands a message over and waits for the verdicts, one a recipient. Runs its own event loop: for
/// commands, not for the server. Never throws for what network and server do.
delivery::DeliveryOutcome submit(const SubmissionServer& server, const delivery::DeliveryJob& job);

}  // namespace outpost::cli
