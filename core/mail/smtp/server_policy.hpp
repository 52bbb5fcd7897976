// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "core/foundation/async/awaitable.hpp"
#include "core/mail/sasl/mechanism.hpp"
#include "core/mail/smtp/address_params.hpp"
#include "core/mail/smtp/reply.hpp"
#include "core/net/tls/facts.hpp"

namespace outpost::smtp {

/// Who is at the other end of a session, as far as is known by now.
struct ServerClient {
    std::string ip;
    std::string helo;       ///< printable ASCII; only what the client says
    bool extended = false;  ///< EHLO
    std::optional<tls::TlsFacts> tls;
    std::string account;  ///< authenticated, or empty
};

/// A message's envelope as it grows.
struct Transaction {
    MailFrom mail;
    std::optional<WallTime> release_at;  ///< from HOLDFOR and HOLDUNTIL
    std::vector<Recipient> recipients;
};

/// What a session asks the program that it serves. Shared by the sessions of a listener, which run
/// on several threads: thread-safe. A refusal is a reply; an exception ends the session with 421.
class ServerPolicy {
  public:
    virtual ~ServerPolicy() = default;
    using Refusal = std::optional<Reply>;

    /// Before the greeting: too many connections, too many messages.
    virtual Refusal check_client(const ServerClient& client) = 0;
    /// The credential of a user for AUTH: a decoy for unknown ones. Called on a worker thread.
    virtual sasl::StoredCredential credential(const std::string& login) = 0;
    /// The account that a user who has authenticated belongs to; none: unknown after all.
    virtual std::optional<std::string> account_of(const std::string& login) = 0;
    virtual awaitable<Refusal> check_mail(const ServerClient& client, const Transaction& mail) = 0;
    /// `so_far` does not hold `recipient` yet.
    virtual awaitable<Refusal> check_recipient(
        const ServerClient& client, const Transaction& so_far, const Recipient& recipient
    ) = 0;
    /// The message has been read and is sound: CRLF line ends, within limits. A positive reply says
    /// that it is safe in our hands.
    virtual awaitable<Reply> accept(
        const ServerClient& client, Transaction transaction, std::vector<std::string> content
    ) = 0;
};

}  // namespace outpost::smtp
