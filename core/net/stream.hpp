// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "core/async/awaitable.hpp"
#include "core/async/deadline.hpp"
#include "core/tls/facts.hpp"
#include "core/tls/requirement.hpp"

namespace outpost::net {

/// A connected byte stream that can become a TLS stream in mid-life (STARTTLS).
///
/// Owned by one coroutine on one executor; not thread-safe. At most one read and one write at a
/// time. A lost connection throws std::system_error with the system's or Asio's code; a passed
/// deadline throws std::system_error with std::errc::timed_out, after which nothing can be read any
/// more; last words can be written when it was a read that took too long.
class Stream {
  public:
    virtual ~Stream() = default;
    /// Reads at least one octet, or returns 0 at the peer's orderly end.
    virtual awaitable<std::size_t> read_some(std::span<char> into, Deadline deadline) = 0;
    /// Writes all of `data`, which must live until the await ends.
    virtual awaitable<void> write(std::string_view data, Deadline deadline) = 0;
    /// Does a TLS handshake as the client. SNI and the name checked for the facts is `server_name`.
    /// Throws tls::TlsError (net/tls_error.hpp) when the handshake or `requirement` fails.
    virtual awaitable<void> start_tls(
        const std::string& server_name, const tls::TlsRequirement& requirement, Deadline deadline
    ) = 0;
    /// What TLS was reached; null in clear.
    virtual const tls::TlsFacts* tls_facts() const noexcept = 0;
    /// "192.0.2.1:25", or "unix:/path".
    virtual std::string remote_text() const = 0;
    /// The remote IP address without port, empty for a unix socket.
    virtual std::string remote_ip() const = 0;
    virtual std::string local_ip() const = 0;
    /// Ends the connection at once. Safe to call twice.
    virtual void close() noexcept = 0;
};

using StreamPtr = std::unique_ptr<Stream>;

}  // namespace outpost::net
