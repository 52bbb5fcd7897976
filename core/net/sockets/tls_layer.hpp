// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <asio/generic/stream_protocol.hpp>
#include <asio/ssl/context.hpp>
#include <asio/ssl/stream_base.hpp>

#include <memory>
#include <span>
#include <string_view>

#include "core/foundation/async/awaitable.hpp"

namespace outpost::net {

/// TLS on a socket that OpenSSL reads and writes itself, so that a session which waits holds no
/// buffers; asio::ssl::stream keeps some 70 KB for each, and copies all octets once more.
///
/// Belongs to one coroutine, as Stream does. Errors are Asio's: those of the socket, those of the
/// SSL category, asio::error::eof after the peer's close_notify, and stream_truncated when the
/// connection ends without one. A wait is ended by `cancel` or `close` of the socket.
class TlsLayer {
  public:
    using Socket = asio::generic::stream_protocol::socket;

    /// Both must outlive the layer.
    TlsLayer(Socket& socket, asio::ssl::context& context);

    SSL* native_handle() const noexcept { return ssl_.get(); }

    awaitable<void> handshake(asio::ssl::stream_base::handshake_type role, asio::error_code& error);
    /// At least one octet, or none and an error.
    awaitable<std::size_t> read_some(std::span<char> into, asio::error_code& error);
    awaitable<void> write(std::string_view data, asio::error_code& error);

  private:
    template <class Operation>
    awaitable<int> run(Operation operation, asio::error_code& error);
    /// What OpenSSL waits for after this result; otherwise, why it ended.
    asio::error_code why(int result, Socket::wait_type& wait) const;

    Socket& socket_;
    std::unique_ptr<SSL, decltype(&::SSL_free)> ssl_;
};

}  // namespace outpost::net
