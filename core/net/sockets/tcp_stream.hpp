// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <asio/generic/stream_protocol.hpp>
#include <asio/ip/tcp.hpp>

#include <optional>

#include "core/net/sockets/dialer.hpp"
#include "core/net/sockets/stream.hpp"
#include "core/net/tls/context.hpp"

namespace outpost::net {

/// Wraps a connected socket. `client_context` is what start_tls uses (null: start_tls throws).
/// TCP_NODELAY is set. One timer per stream enforces the deadlines. `behind_proxy` is what the
/// stream names as its remote end where the socket's peer is a proxy.
StreamPtr make_stream(
    asio::generic::stream_protocol::socket socket, tls::ContextPtr client_context,
    std::optional<Endpoint> behind_proxy = {}
);

/// A stream on which we are the server.
class ServerStream : public Stream {
  public:
    /// Server side of the TLS handshake. Throws TlsError.
    virtual awaitable<void> accept_tls(tls::ContextPtr context, Deadline deadline) = 0;
};
std::unique_ptr<ServerStream> make_server_stream(asio::generic::stream_protocol::socket socket);

/// Connects directly. `source_v4`/`source_v6`, where not unspecified, are bound to before
/// connecting.
std::shared_ptr<Dialer> make_direct_dialer(
    tls::ContextPtr client_context, IpAddress source_v4 = {}, IpAddress source_v6 = {}
);

struct SocksSettings {
    std::string host;  ///< name or IP of the proxy
    std::uint16_t port = 1080;
    std::string username;
    std::string password;
};
/// Connects through a SOCKS5 proxy (RFC 1928, RFC 1929), to IP addresses resolved by us.
std::shared_ptr<Dialer> make_socks_dialer(tls::ContextPtr client_context, SocksSettings settings);

}  // namespace outpost::net
