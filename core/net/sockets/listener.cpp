// SPDX-License-Identifier: Apache-2.0
#include "core/net/sockets/listener.hpp"

#include <asio/basic_socket_acceptor.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/ip/v6_only.hpp>
#include <asio/local/stream_protocol.hpp>
#include <asio/post.hpp>
#include <asio/redirect_error.hpp>
#include <asio/steady_timer.hpp>

#include <algorithm>
#include <cstring>
#include <optional>
#include <system_error>

#include "core/foundation/base/log.hpp"

namespace outpost::net {

using asio::ip::tcp;
using Stream = asio::generic::stream_protocol;

struct Listener::State {
    State(EventLoops& all, Accepted handler)
        : loops(all), acceptor(all.at(0)), accepted(std::move(handler)) {}

    EventLoops& loops;
    asio::basic_socket_acceptor<Stream> acceptor;
    Accepted accepted;
    std::string name;  ///< of the address, for the log
    std::uint16_t port = 0;
    std::optional<SocketFile> file;
};

namespace {

constexpr int backlog = 4096;

template <class State>
awaitable<void> accept_all(std::shared_ptr<State> state) {
    asio::steady_timer pause(state->acceptor.get_executor());
    bool troubled = false;
    while (state->acceptor.is_open()) {
        const std::size_t index = state->loops.next_index();
        Stream::socket socket(state->loops.at(index));
        asio::error_code error;
        co_await state->acceptor.async_accept(socket, asio::redirect_error(use_awaitable, error));
        if (!error) {
            auto hand_over = [state, index, moved = std::move(socket)]() mutable {
                state->accepted(std::move(moved), index);
            };
            asio::post(state->loops.at(index), std::move(hand_over));
            troubled = false;
        } else if (state->acceptor.is_open() && error != asio::error::connection_aborted) {
            // Out of descriptors or memory: it helps that others end, so wait for that. The
            // connection stays in the backlog; trying again at once would spin.
            if (!troubled)
                log::warning("net", "cannot accept on {}: {}", state->name, error.message());
            troubled = true;
            pause.expires_after(std::chrono::milliseconds(200));
            co_await pause.async_wait(use_awaitable);
        }
    }
}

}  // namespace

Listener::Listener(EventLoops& loops, const Endpoint& at, Accepted accepted)
    : state_(std::make_shared<State>(loops, std::move(accepted))) {
    auto& acceptor = state_->acceptor;
    state_->name = at.text();
    try {
        const tcp::endpoint endpoint(at.address, at.port);
        acceptor.open(endpoint.protocol());
        acceptor.set_option(tcp::acceptor::reuse_address(true));
        // "::" is all of IPv6 only, so that "0.0.0.0" can be listened on beside it.
        if (at.address.is_v6()) acceptor.set_option(asio::ip::v6_only(true));
        acceptor.bind(endpoint);
        acceptor.listen(backlog);
        tcp::endpoint bound;
        const auto local = acceptor.local_endpoint();
        std::memcpy(bound.data(), local.data(), std::min(local.size(), bound.capacity()));
        state_->port = bound.port();
    } catch (const std::system_error& error) {
        throw std::system_error(error.code(), "cannot listen on " + state_->name);
    }
}

Listener::Listener(EventLoops& loops, const UnixSocket& at, Accepted accepted)
    : state_(std::make_shared<State>(loops, std::move(accepted))) {
    state_->name = "unix:" + at.path.string();
    try {
        state_->acceptor.open(asio::local::stream_protocol());
        state_->file.emplace(state_->acceptor.native_handle(), at);
        state_->acceptor.listen(backlog);
    } catch (const std::system_error& error) {
        throw std::system_error(error.code(), "cannot listen on " + state_->name);
    }
}

Listener::~Listener() {
    stop();
}

void Listener::start(TaskGroup& tasks) {
    tasks.spawn("listener", state_->acceptor.get_executor(), accept_all(state_));
}

void Listener::stop() {
    asio::post(state_->acceptor.get_executor(), [state = state_] {
        asio::error_code ignored;
        state->acceptor.close(ignored);
        state->file.reset();
    });
}

std::uint16_t Listener::port() const {
    return state_->port;
}

}  // namespace outpost::net
