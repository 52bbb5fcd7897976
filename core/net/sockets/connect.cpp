// SPDX-License-Identifier: Apache-2.0
#include "core/net/sockets/connect.hpp"

#include <asio/redirect_error.hpp>
#include <asio/steady_timer.hpp>

#include <memory>
#include <system_error>

#include "core/net/sockets/shortage.hpp"

namespace outpost::net {
namespace {

using Socket = asio::generic::stream_protocol::socket;

/// Closes the socket when the time is over; shared with the timer's handler, which may come late.
struct Attempt {
    explicit Attempt(const Executor& executor) : socket(executor), timer(executor) {}
    Socket socket;
    asio::steady_timer timer;
    bool timed_out = false;
};

asio::error_code open(Socket& socket, const asio::generic::stream_protocol& protocol) {
    asio::error_code error;
    socket.open(protocol, error);
    if (!error && is_reserved(socket.native_handle())) {
        asio::error_code ignored;
        socket.close(ignored);
        error = asio::error::no_descriptors;
    }
    return error;
}

}  // namespace

awaitable<Socket> connect(
    asio::generic::stream_protocol::endpoint to, asio::generic::stream_protocol::endpoint source,
    Deadline deadline
) {
    const auto executor = co_await asio::this_coro::executor;
    const auto attempt = std::make_shared<Attempt>(executor);
    auto error = open(attempt->socket, to.protocol());
    while (is_shortage(error)) {
        const bool again = co_await wait_out_shortage(error, deadline);
        if (!again) break;
        error = open(attempt->socket, to.protocol());
    }
    if (error) throw std::system_error(error);
    if (source.size() > 0) attempt->socket.bind(source);
    attempt->timer.expires_at(deadline.at());
    attempt->timer.async_wait([weak = std::weak_ptr(attempt)](const asio::error_code& error) {
        const auto held = weak.lock();
        if (error || !held) return;
        held->timed_out = true;
        asio::error_code ignored;
        held->socket.close(ignored);
    });
    co_await attempt->socket.async_connect(to, asio::redirect_error(use_awaitable, error));
    attempt->timer.cancel();
    if (attempt->timed_out) throw std::system_error(std::make_error_code(std::errc::timed_out));
    if (error) throw std::system_error(error);
    co_return std::move(attempt->socket);
}

}  // namespace outpost::net
