// SPDX-License-Identifier: Apache-2.0
#include "core/net/listener.hpp"

#include <asio/ip/v6_only.hpp>
#include <asio/post.hpp>
#include <asio/redirect_error.hpp>
#include <asio/steady_timer.hpp>

#include <system_error>

#include "core/base/log.hpp"

namespace outpost::net {

using asio::ip::tcp;

struct Listener::State {
    State(EventLoops& all, Accepted handler)
        : loops(all), acceptor(all.at(0)), accepted(std::move(handler)) {}

    EventLoops& loops;
    tcp::acceptor acceptor;
    Accepted accepted;
    std::uint16_t port = 0;
};

namespace {

template <class State>
awaitable<void> accept_all(std::shared_ptr<State> state) {
    asio::steady_timer pause(state->acceptor.get_executor());
    bool troubled = false;
    while (state->acceptor.is_open()) {
        const std::size_t index = state->loops.next_index();
        tcp::socket socket(state->loops.at(index));
        asio::error_code error;
        co_await state->acceptor.async_accept(socket, asio::redirect_error(use_awaitable, error));
        if (!error) {
            auto hand_over = [state, index, moved = std::move(socket)]() mutable {
                state->accepted(std::move(moved), index);
            };
            asio::post(state->loops.at(index), std::move(hand_over));
            troubled = false;
        } else if (state->acceptor.is_open() && error != asio::error::connection_aborted) {
            // Out of descriptors or memory: what helps is that others end, so wait for that. The
            // connection stays in the backlog; trying again at once would spin.
            if (!troubled)
                log::warning("net", "cannot accept on port {}: {}", state->port, error.message());
            troubled = true;
            pause.expires_after(std::chrono::milliseconds(200));
            co_await pause.async_wait(use_awaitable);
        }
    }
}

}  // namespace

Listener::Listener(EventLoops& loops, const Endpoint& at, Accepted accepted)
    : state_(std::make_shared<State>(loops, std::move(accepted))) {
    try {
        const tcp::endpoint endpoint(at.address, at.port);
        state_->acceptor.open(endpoint.protocol());
        state_->acceptor.set_option(tcp::acceptor::reuse_address(true));
        // "::" is all of IPv6 only, so that "0.0.0.0" can be listened on beside it.
        if (at.address.is_v6()) state_->acceptor.set_option(asio::ip::v6_only(true));
        state_->acceptor.bind(endpoint);
        state_->acceptor.listen(4096);
        state_->port = state_->acceptor.local_endpoint().port();
    } catch (const std::system_error& error) {
        throw std::system_error(error.code(), "cannot listen on " + at.text());
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
    });
}

std::uint16_t Listener::port() const {
    return state_->port;
}

}  // namespace outpost::net
