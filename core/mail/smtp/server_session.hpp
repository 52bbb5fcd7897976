// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <asio/thread_pool.hpp>

#include <memory>
#include <optional>

#include "core/mail/smtp/command_parser.hpp"
#include "core/mail/smtp/data_decoder.hpp"
#include "core/mail/smtp/server_channel.hpp"
#include "core/mail/smtp/server_policy.hpp"
#include "core/mail/smtp/server_settings.hpp"

namespace outpost::smtp {

/// One connection of a client, from the greeting to the end (RFC 5321 and its extensions
/// PIPELINING, SIZE, 8BITMIME, SMTPUTF8, ENHANCEDSTATUSCODES, CHUNKING, STARTTLS, AUTH, DSN,
/// FUTURERELEASE, LIMITS). Lives on one event loop; not thread-safe.
///
/// Its state: who the client is, perhaps a transaction, perhaps BDAT content of it. A refusal after
/// MAIL was accepted, of content or by policy, ends the transaction: nothing of one message ever
/// reaches the next.
class ServerSession {
  public:
    /// `auth_pool` must outlive the session.
    ServerSession(
        std::unique_ptr<net::ServerStream> stream, std::shared_ptr<const ServerSettings> settings,
        std::shared_ptr<ServerPolicy> policy, asio::thread_pool& auth_pool
    );

    /// The whole session. Lost connections and timeouts end it quietly.
    awaitable<void> run();
    /// Says 421 and hangs up: at once when the session waits for a command, else after the command
    /// at hand. To be called on the session's loop.
    awaitable<void> shut_down();

  private:
    enum class Next { go_on, close };

    awaitable<void> converse();
    awaitable<bool> greet();
    awaitable<Next> next_command();
    awaitable<Next> obey(const net::LineReader::Line& line);
    awaitable<void> say_farewell(Reply reply);
    awaitable<void> accept_tls();
    static Next after_misread(std::string_view line);
    Next refuse(int code, std::string_view status, std::string text);
    Next refuse(Reply reply);
    Next agree(std::string_view status, std::string text);
    /// Counts a command that achieves nothing.
    Next idle_command(Reply reply);
    void end_transaction();

    awaitable<Next> on(const Hello& command);
    awaitable<Next> on(const MailFrom& command);
    awaitable<Next> on(const RcptTo& command);
    awaitable<Next> on(const Data& command);
    awaitable<Next> on(const Bdat& command);
    awaitable<Next> on(const Reset& command);
    awaitable<Next> on(const Noop& command);
    awaitable<Next> on(const Quit& command);
    awaitable<Next> on(const StartTls& command);
    awaitable<Next> on(const Auth& command);
    awaitable<Next> on(const Verify& command);
    awaitable<Next> on(const Expand& command);
    awaitable<Next> on(const Help& command);
    awaitable<Next> on(const HttpRequest& command);

    Reply capabilities() const;
    std::optional<Reply> check_state_for_mail(const MailFrom& mail) const;
    std::optional<Reply> check_state_for_content() const;
    Result<std::optional<WallTime>, Reply> release_time(const MailFrom& mail) const;
    awaitable<Next> slow_down_and_refuse(Reply reply);

    awaitable<bool> read_data(DataDecoder& decoder, Reservation& reservation);
    awaitable<bool> read_chunk(std::uint64_t size, ContentCollector* into);
    awaitable<Next> finish_content(ContentCollector& content);

    std::unique_ptr<net::ServerStream> stream_;
    std::shared_ptr<const ServerSettings> settings_;
    std::shared_ptr<ServerPolicy> policy_;
    asio::thread_pool& auth_pool_;
    ServerChannel channel_;

    ServerClient client_;
    std::optional<Transaction> transaction_;
    /// Content that came by BDAT so far, and its part of the memory.
    struct Chunked {
        ContentCollector content;
        Reservation reservation;
    };
    std::unique_ptr<Chunked> chunked_;

    std::size_t errors_ = 0, postponed_ = 0, idle_commands_ = 0, messages_ = 0, auth_failures_ = 0;
    bool waiting_ = false;        ///< for a command, with nothing left to send
    bool shaking_hands_ = false;  ///< in a TLS handshake: nothing can be said
    bool stopping_ = false;
};

}  // namespace outpost::smtp
