// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/foundation/async/awaitable.hpp"
#include "core/foundation/async/deadline.hpp"
#include "core/net/tls/facts.hpp"
#include "core/net/tls/requirement.hpp"

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
    /// Does a TLS handshake as the client. The facts speak of the name `server_name`, which is also
    /// what SNI says, unless TLSA records have a base domain. Throws TlsError (net/tls_error.hpp)
    /// when the handshake, in time, or what `demand` enforces fails; also from the first read after
    /// it, when the peer answers the handshake with an alert.
    virtual awaitable<void> start_tls(
        const std::string& server_name, const tls::TlsDemand& demand, Deadline deadline
    ) = 0;
    /// What TLS was reached; null in clear.
    virtual const tls::TlsFacts* tls_facts() const noexcept = 0;
    /// The certificates that the peer showed, leaf first; none in clear.
    virtual std::vector<tls::CertificateFacts> peer_chain() const = 0;
    /// "192.0.2.1:25", or "unix:/path".
    virtual std::string remote_text() const = 0;
    /// The remote IP address without port, empty for a unix socket.
    virtual std::string remote_ip() const = 0;
    /// Ours; empty for a unix socket and behind a proxy.
    virtual std::string local_ip() const = 0;
    /// Ends the connection at once. Safe to call twice.
    virtual void close() noexcept = 0;
};

using StreamPtr = std::unique_ptr<Stream>;

}  // namespace outpost::net
