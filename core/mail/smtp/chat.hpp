// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

#include "core/mail/smtp/reply.hpp"
#include "core/net/sockets/line_reader.hpp"
#include "core/net/sockets/stream.hpp"

namespace outpost::smtp {

/// The remote said something that is no SMTP. The session cannot go on.
class ProtocolError : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

/// The client's side of the conversation on one connection: commands out, replies in, each with its
/// own time limit within the deadline of the whole attempt.
///
/// A lost connection throws std::system_error, a passed time limit std::system_error with
/// std::errc::timed_out, nonsense ProtocolError.
class Chat {
  public:
    /// Sees what is said, for transcripts: direction '>' or '<'.
    using Observer = std::function<void(char direction, std::string_view line)>;

    Chat(net::StreamPtr stream, Deadline deadline, Observer observer);

    /// Sends a command line (without CRLF). `shown` is what the observer sees instead, for secrets.
    /// A line with CR, LF or NUL in it throws std::invalid_argument: nothing can be smuggled.
    awaitable<void> send(std::string line, std::chrono::seconds timeout, std::string shown = {});
    /// Sends octets as they are: message content, or commands put together by `queue`.
    awaitable<void> send_raw(std::string_view octets, std::chrono::seconds timeout);
    awaitable<Reply> read_reply(std::chrono::seconds timeout);
    /// Sends and reads the reply.
    awaitable<Reply> ask(std::string line, std::chrono::seconds timeout, std::string shown = {});

    /// Checks a command line, shows it to the observer, and returns it with CRLF, for sending
    /// several together (PIPELINING).
    std::string queue(const std::string& line);

    /// A TLS handshake as the client. Throws ProtocolError when the server has sent more than its
    /// 220 in clear: those octets would pass for protected ones (CVE-2021-38371).
    awaitable<void> start_tls(
        const std::string& server_name, const tls::TlsDemand& demand, std::chrono::seconds timeout
    );

    net::Stream& stream() noexcept { return *stream_; }
    /// Another attempt takes over this connection.
    void adopt(Deadline deadline, Observer observer);
    void close() noexcept { stream_->close(); }

  private:
    net::StreamPtr stream_;
    net::LineReader reader_;
    Deadline deadline_;
    Observer observer_;
};

}  // namespace outpost::smtp
