// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <asio/thread_pool.hpp>

#include <string>

#include "core/mail/sasl/mechanism.hpp"
#include "core/mail/smtp/command_parser.hpp"
#include "core/mail/smtp/server_channel.hpp"
#include "core/mail/smtp/server_policy.hpp"

namespace outpost::smtp {

/// How an AUTH exchange ended.
struct AuthOutcome {
    enum class Kind {
        succeeded,
        refused,   ///< wrong credentials: to be slowed down
        unusable,  ///< malformed, cancelled, unknown mechanism
        gone,      ///< the client closed the connection
    };
    Kind kind = Kind::unusable;
    Reply reply;        ///< to give now
    std::string login;  ///< when succeeded
};

/// Longest line of an exchange, CRLF included (RFC 4954 section 4).
constexpr std::size_t max_auth_line = 12288;

/// The channel binding of a connection; empty in clear.
sasl::ChannelBinding binding_of(const std::optional<tls::TlsFacts>& tls);

/// Runs the exchange of RFC 4954 section 4. Each step is computed on `pool`.
awaitable<AuthOutcome> authenticate(
    ServerChannel& channel, Auth command, const ServerClient& client,
    std::shared_ptr<ServerPolicy> policy, asio::thread_pool& pool
);

}  // namespace outpost::smtp
