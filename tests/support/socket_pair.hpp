// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>

#include <utility>

namespace outpost::test {

/// Two connected TCP sockets on loopback.
inline std::pair<asio::ip::tcp::socket, asio::ip::tcp::socket> socket_pair(asio::io_context& loop) {
    using asio::ip::tcp;
    tcp::acceptor acceptor(loop, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    tcp::socket client(loop);
    client.connect(acceptor.local_endpoint());
    return {std::move(client), acceptor.accept()};
}

}  // namespace outpost::test
