// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "core/delivery/smtp_client/smtp_session.hpp"
#include "core/mail/sasl/token_source.hpp"
#include "core/net/tls/context.hpp"

namespace outpost::delivery {

/// A server to hand mail to, and how.
struct SubmissionServer {
    std::filesystem::path socket;  ///< of a server on this machine, instead of host and port
    std::string host;              ///< name (also of its certificate) or IP address
    std::uint16_t port = 25;
    TlsMode tls = TlsMode::none;
    tls::ClientSettings tls_files;
    bool verify = true;
    std::optional<Login> login;
    sasl::TokenSettings token;  ///< for logins by token
    std::string ehlo_name;      ///< empty: as whoever hands mail to it likes
};

}  // namespace outpost::delivery
