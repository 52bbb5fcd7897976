// SPDX-License-Identifier: Apache-2.0
#include "core/net/dns/exchange.hpp"

#include <asio/ip/udp.hpp>
#include <asio/redirect_error.hpp>
#include <asio/steady_timer.hpp>

#include <system_error>

#include "core/foundation/base/crypto.hpp"
#include "core/net/sockets/connect.hpp"
#include "core/net/sockets/shortage.hpp"
#include "core/net/sockets/tcp_stream.hpp"

namespace outpost::dns {
namespace {

using asio::ip::udp;
using Outcome = Result<Response, Failure>;

std::uint16_t random_id() {
    const std::string octets = crypto::random_bytes(2);
    return static_cast<std::uint16_t>(
        static_cast<unsigned char>(octets[0]) << 8 | static_cast<unsigned char>(octets[1])
    );
}

Failure network_failure(const net::Endpoint& server, const std::error_code& error) {
    const auto kind =
        error == std::errc::timed_out ? Failure::Kind::timeout : Failure::Kind::network;
    return {kind, server.text() + ": " + error.message(), -1};
}

Failure timeout_of(const net::Endpoint& server) {
    return network_failure(server, std::make_error_code(std::errc::timed_out));
}

/// A socket and the timer that closes it; shared with the timer's handler, which may come late.
struct Asking {
    explicit Asking(const Executor& executor) : socket(executor), timer(executor) {}
    udp::socket socket;
    asio::steady_timer timer;

    static void limit(const std::shared_ptr<Asking>& asking, Deadline deadline) {
        asking->timer.expires_at(deadline.at());
        asking->timer.async_wait([weak = std::weak_ptr(asking)](const asio::error_code& cancelled) {
            const auto held = weak.lock();
            asio::error_code ignored;
            if (held && !cancelled) held->socket.close(ignored);
        });
    }
};

/// The socket is connected, so the kernel drops what comes from elsewhere; what comes from there
/// but answers another question is a late or forged packet, and is waited past.
awaitable<Outcome> ask_udp(
    net::Endpoint server, Question question, bool edns, Want want, Deadline deadline
) {
    const std::uint16_t id = random_id();
    const auto query = encode_query(question, id, edns, want);
    if (!query)
        co_return Err{Failure{Failure::Kind::malformed, question.name + ": " + query.error(), -1}};
    const auto executor = co_await asio::this_coro::executor;
    const auto asking = std::make_shared<Asking>(executor);
    asio::error_code error;
    const udp::endpoint remote(server.address, server.port);
    asking->socket.open(remote.protocol(), error);
    while (net::is_shortage(error)) {
        const bool again = co_await net::wait_out_shortage(error, deadline);
        if (!again) break;
        asking->socket.open(remote.protocol(), error);
    }
    if (!error) asking->socket.non_blocking(true, error);
    if (!error) asking->socket.connect(remote, error);
    if (error) co_return Err{network_failure(server, error)};
    Asking::limit(asking, deadline);
    co_await asking->socket.async_send(
        asio::buffer(*query), asio::redirect_error(use_awaitable, error)
    );
    // Thousands may wait for slow servers: there is a buffer only once there is an answer.
    while (!error) {
        co_await asking->socket.async_wait(
            udp::socket::wait_read, asio::redirect_error(use_awaitable, error)
        );
        if (error) break;
        std::string packet(64 * 1024, '\0');
        const std::size_t size = asking->socket.receive(asio::buffer(packet), 0, error);
        if (error == asio::error::would_block) error = {};
        if (error) break;
        packet.resize(size);
        if (auto response = decode_response(packet, id, question, want))
            co_return std::move(*response);
    }
    if (deadline.passed()) co_return Err{timeout_of(server)};
    co_return Err{network_failure(server, error)};
}

awaitable<void> read_fully(net::Stream& stream, std::span<char> room, Deadline deadline) {
    while (!room.empty()) {
        const std::size_t count = co_await stream.read_some(room, deadline);
        if (count == 0) throw std::system_error(std::make_error_code(std::errc::connection_reset));
        room = room.subspan(count);
    }
}

/// RFC 1035 section 4.2.2: each message follows its length in two octets.
awaitable<std::string> converse_tcp(net::Endpoint server, std::string query, Deadline deadline) {
    const asio::generic::stream_protocol::endpoint remote(
        asio::ip::tcp::endpoint(server.address, server.port)
    );
    auto socket = co_await net::connect(remote, {}, deadline);
    const auto stream = net::make_stream(std::move(socket), nullptr);
    const char length[] = {
        static_cast<char>(query.size() >> 8), static_cast<char>(query.size() & 0xff)
    };
    query.insert(0, length, sizeof length);
    co_await stream->write(query, deadline);
    unsigned char size[2];
    const std::span<char> size_room(reinterpret_cast<char*>(size), sizeof size);
    co_await read_fully(*stream, size_room, deadline);
    std::string packet(static_cast<std::size_t>(size[0] << 8 | size[1]), '\0');
    const std::span<char> room(packet);
    co_await read_fully(*stream, room, deadline);
    co_return packet;
}

awaitable<Outcome> ask_tcp(
    net::Endpoint server, Question question, bool edns, Want want, Deadline deadline
) {
    const std::uint16_t id = random_id();
    auto query = encode_query(question, id, edns, want);
    if (!query)
        co_return Err{Failure{Failure::Kind::malformed, question.name + ": " + query.error(), -1}};
    try {
        const std::string packet = co_await converse_tcp(server, std::move(*query), deadline);
        if (auto response = decode_response(packet, id, question, want))
            co_return std::move(*response);
        co_return Err{Failure{
            Failure::Kind::malformed, server.text() + " answered another question over TCP", -1
        }};
    } catch (const std::system_error& error) {
        co_return Err{network_failure(server, error.code())};
    }
}

awaitable<Outcome> ask(
    net::Endpoint server, Question question, bool edns, Want want, Deadline deadline
) {
    auto outcome = co_await ask_udp(server, question, edns, want, deadline);
    if (outcome && outcome->truncated)
        outcome = co_await ask_tcp(server, question, edns, want, deadline);
    co_return outcome;
}

}  // namespace

awaitable<Result<Response, Failure>> exchange(
    net::Endpoint server, Question question, Want want, Deadline deadline
) {
    auto outcome = co_await ask(server, question, true, want, deadline);
    // RFC 6891 section 7: a server without EDNS says FORMERR, or NOTIMP.
    const bool edns_unknown = outcome && (outcome->code == ReplyCode::format_error ||
                                          outcome->code == ReplyCode::not_implemented);
    if (edns_unknown) outcome = co_await ask(server, question, false, want, deadline);
    co_return outcome;
}

}  // namespace outpost::dns
