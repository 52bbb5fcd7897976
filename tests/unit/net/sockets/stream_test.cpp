// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>
#include <asio/write.hpp>

#include "core/net/sockets/line_reader.hpp"
#include "core/net/sockets/tcp_stream.hpp"
#include "tests/support/run.hpp"
#include "tests/support/socket_pair.hpp"

using namespace outpost;
using namespace std::chrono_literals;
using Status = net::LineReader::Status;

namespace {

/// What a reader makes of these octets, line by line, to the end.
std::vector<net::LineReader::Line> lines_of(
    const std::string& octets, std::size_t limit, std::size_t buffer = 16
) {
    asio::io_context loop;
    auto [ours, theirs] = test::socket_pair(loop);
    asio::write(theirs, asio::buffer(octets));
    theirs.close();
    const auto stream = net::make_stream(std::move(ours), nullptr);
    net::LineReader reader(*stream, {.line = buffer});
    std::vector<net::LineReader::Line> out;
    const auto read_all = [](net::LineReader& from, std::size_t most,
                             auto& into) -> awaitable<void> {
        do {
            auto line = co_await from.read_line(most, Deadline::in(5s));
            into.push_back(std::move(line));
        } while (into.back().status != Status::end);
    };
    test::run(loop, read_all(reader, limit, out));
    return out;
}

std::error_code error_of(asio::io_context& loop, awaitable<void> task) {
    try {
        test::run(loop, std::move(task));
    } catch (const std::system_error& error) {
        return error.code();
    }
    return {};
}

awaitable<void> read_once(net::Stream& stream, Deadline deadline) {
    char buffer[16];
    const std::span<char> room(buffer);
    co_await stream.read_some(room, deadline);
}

}  // namespace

TEST_CASE("lines end with CRLF and with nothing else") {
    struct Case {
        std::string octets;
        Status status;
        std::string text;
    };
    const Case cases[] = {
        {"abc\r\n", Status::line, "abc"},
        {"\r\n", Status::line, ""},
        {"abc\n", Status::bare, "abc"},
        {"\n", Status::bare, ""},
        {"a\rb\r\n", Status::bare, "a\rb"},
        {"a\r\r\n", Status::bare, "a\r"},
        {"1234567890\r\n", Status::line, "1234567890"},
        {"12345678901\r\n", Status::too_long, ""},
        {std::string(60'000, 'x') + "\r\n", Status::too_long, ""},
        {"cut", Status::end, "cut"},
    };
    for (const Case& each : cases) {
        CAPTURE(each.octets.substr(0, 20));
        for (const std::size_t buffer : {1, 2, 16, 4096}) {
            const auto lines = lines_of(each.octets, 12, buffer);
            CHECK(lines.front().status == each.status);
            if (each.status != Status::too_long) CHECK(lines.front().text == each.text);
            CHECK(lines.back().status == Status::end);
        }
    }
    CHECK(lines_of("12345678901\r\nnext\r\n", 12)[1].text == "next");
}

TEST_CASE("a line without end is cut off") {
    CHECK_THROWS_AS(lines_of(std::string(200'000, 'x'), 512, 4096), std::system_error);
}

TEST_CASE("what was sent ahead of a handshake is seen, and can be dropped") {
    asio::io_context loop;
    auto [ours, theirs] = test::socket_pair(loop);
    asio::write(theirs, asio::buffer(std::string_view("220 go\r\n250 injected\r\n")));
    const auto stream = net::make_stream(std::move(ours), nullptr);
    net::LineReader reader(*stream);
    const auto one = [](net::LineReader& from) -> awaitable<std::string> {
        auto line = co_await from.read_line(512, Deadline::in(5s));
        co_return line.text;
    };
    CHECK(test::run(loop, one(reader)) == "220 go");
    CHECK(reader.has_buffered());
    reader.discard();
    CHECK_FALSE(reader.has_buffered());
    asio::write(theirs, asio::buffer(std::string_view("later\r\n")));
    CHECK(test::run(loop, one(reader)) == "later");
}

TEST_CASE("a passed deadline ends the operation and the stream") {
    asio::io_context loop;
    auto [ours, theirs] = test::socket_pair(loop);
    const auto stream = net::make_stream(std::move(ours), nullptr);
    CHECK(error_of(loop, read_once(*stream, Deadline::in(30ms))) == std::errc::timed_out);
    CHECK(error_of(loop, read_once(*stream, Deadline::in(5s))) == std::errc::timed_out);
}

TEST_CASE("a shorter deadline after a longer one counts, an old one does not") {
    asio::io_context loop;
    auto [ours, theirs] = test::socket_pair(loop);
    const auto stream = net::make_stream(std::move(ours), nullptr);
    asio::write(theirs, asio::buffer(std::string_view("x")));
    CHECK_FALSE(error_of(loop, read_once(*stream, Deadline::in(1s))));
    asio::write(theirs, asio::buffer(std::string_view("x")));
    CHECK_FALSE(error_of(loop, read_once(*stream, Deadline::in(20s))));
    loop.restart();
    loop.run_for(1100ms);  // the first deadline passes while nothing is read
    const auto begun = SteadyClock::now();
    CHECK(error_of(loop, read_once(*stream, Deadline::in(30ms))) == std::errc::timed_out);
    CHECK(SteadyClock::now() - begun < 5s);
}

TEST_CASE("a peer that does not read makes a write time out") {
    asio::io_context loop;
    auto [ours, theirs] = test::socket_pair(loop);
    const auto stream = net::make_stream(std::move(ours), nullptr);
    const std::string much(32 * 1024 * 1024, 'x');
    CHECK(error_of(loop, stream->write(much, Deadline::in(50ms))) == std::errc::timed_out);
}

TEST_CASE("the dialer connects, says who is there, and reports a refusal") {
    asio::io_context loop;
    asio::ip::tcp::acceptor acceptor(loop, {asio::ip::address_v4::loopback(), 0});
    const auto port = acceptor.local_endpoint().port();
    const auto source = asio::ip::make_address("127.0.0.9");
    const auto dialer = net::make_direct_dialer(nullptr, source);
    const auto dial = [](net::Dialer& by, net::Endpoint to) -> awaitable<net::StreamPtr> {
        co_return co_await by.dial(to, Deadline::in(5s));
    };
    const net::Endpoint here{asio::ip::address_v4::loopback(), port};
    const auto stream = test::run(loop, dial(*dialer, here));
    CHECK(stream->remote_text() == here.text());
    CHECK(stream->local_ip() == "127.0.0.9");
    acceptor.close();
    CHECK_THROWS_AS(test::run(loop, dial(*dialer, here)), std::system_error);
}
