// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>
#include <asio/read.hpp>
#include <asio/write.hpp>

#include <thread>

#include "core/net/sockets/tcp_stream.hpp"
#include "tests/support/run.hpp"

using namespace outpost;
using namespace std::chrono_literals;
using asio::ip::tcp;

namespace {

/// Reads `expect` octets, then sends `send`; and so on.
struct Step {
    std::size_t expect;
    std::string send;
};

struct Ending {
    std::string received, error, greeting, remote;
    std::string late;  ///< what came after the script, while the proxy waited for the end
};

std::string octets(std::initializer_list<int> values) {
    std::string out;
    for (const int value : values)
        out += static_cast<char>(value);
    return out;
}

awaitable<void> dial(net::Dialer& dialer, Ending& ending) {
    const net::Endpoint to{asio::ip::make_address("192.0.2.1"), 25};
    try {
        const auto stream = co_await dialer.dial(to, Deadline::in(500ms));
        ending.remote = stream->remote_text();
        char buffer[64];
        const std::span<char> room(buffer);
        const std::size_t count = co_await stream->read_some(room, Deadline::in(5s));
        ending.greeting.assign(buffer, count);
    } catch (const std::system_error& error) {
        ending.error = error.what();
    }
}

/// Dials 192.0.2.1:25 through a proxy that follows a script and then closes.
Ending dial_through(
    const std::vector<Step>& script, const std::string& user = {}, bool linger = false
) {
    asio::io_context proxy_loop, loop;
    tcp::acceptor acceptor(proxy_loop, {asio::ip::address_v4::loopback(), 0});
    Ending ending;
    std::thread proxy([&] {
        tcp::socket client = acceptor.accept();
        asio::error_code error;
        for (const Step& step : script) {
            std::string got(step.expect, '\0');
            got.resize(asio::read(client, asio::buffer(got), error));
            ending.received += got;
            asio::write(client, asio::buffer(step.send), error);
        }
        if (linger) asio::read(client, asio::dynamic_buffer(ending.late), error);  // to its end
    });
    net::SocksSettings settings{
        "127.0.0.1", acceptor.local_endpoint().port(), user, user.empty() ? "" : "secret"
    };
    const auto dialer = net::make_socks_dialer(nullptr, settings);
    test::run(loop, dial(*dialer, ending));
    proxy.join();
    return ending;
}

}  // namespace

TEST_CASE("a connection through a proxy: what is sent, and where its answer ends") {
    const std::string request = octets({5, 1, 0, 1, 192, 0, 2, 1, 0, 25});
    const std::string tail = octets({0, 0}) + "220 hi";
    const std::string replies[] = {
        octets({5, 0, 0, 1, 127, 0, 0, 1}) + tail,
        octets({5, 0, 0, 4}) + std::string(16, '\0') + tail,
        octets({5, 0, 0, 3, 3}) + "abc" + tail,
        octets({5, 0, 0, 3, 0}) + tail,
        octets({5, 0, 0, 3, 255}) + std::string(255, 'x') + tail,
    };
    for (const auto& reply : replies) {
        const Ending ending = dial_through({{3, octets({5, 0})}, {10, reply}});
        CHECK(ending.received == octets({5, 1, 0}) + request);
        CHECK(ending.error == "");
        CHECK(ending.greeting == "220 hi");
        CHECK(ending.remote == "192.0.2.1:25");
    }
    const std::string login = octets({1, 2}) + "me" + octets({6}) + "secret";
    const Ending ending =
        dial_through({{4, octets({5, 2})}, {11, octets({1, 0})}, {10, replies[0]}}, "me");
    CHECK(ending.received == octets({5, 2, 0, 2}) + login + request);
    CHECK(ending.greeting == "220 hi");
}

TEST_CASE("a proxy that refuses, lies or falls silent") {
    struct Case {
        std::string words;  ///< in the error
        std::vector<Step> script;
        std::string user;
        bool linger = false;
    };
    const Case cases[] = {
        {"wants a password", {{3, octets({5, 255})}}, ""},
        {"accepts neither", {{4, octets({5, 255})}}, "me"},
        {"rejected our user name", {{4, octets({5, 2})}, {11, octets({1, 1})}}, "me"},
        {"did not offer", {{3, octets({5, 2})}}, ""},
        {"does not speak SOCKS5", {{3, octets({4, 90})}}, ""},
        {"does not speak SOCKS5", {{3, "HTTP/1.1 400"}}, ""},
        {"closed the connection", {{3, octets({5})}}, ""},
        {"closed the connection", {{3, octets({5, 0})}, {10, octets({5, 0, 0, 3, 255, 1})}}, ""},
        {"unknown address type", {{3, octets({5, 0})}, {10, octets({5, 0, 0, 9, 1, 1})}}, ""},
        {"connection refused",
         {{3, octets({5, 0})}, {10, octets({5, 5, 0, 1, 0, 0, 0, 0, 0, 0})}},
         ""},
        {"unknown answer 77",
         {{3, octets({5, 0})}, {10, octets({5, 77, 0, 1, 0, 0, 0, 0, 0, 0})}},
         ""},
        {"timed out", {{3, octets({5, 0})}, {10, ""}}, "", true},
    };
    for (const Case& each : cases) {
        CAPTURE(each.words);
        const Ending ending = dial_through(each.script, each.user, each.linger);
        CAPTURE(ending.error);
        const bool told = ending.error.find(each.words) != std::string::npos ||
                          (each.linger && ending.error.find("timed") != std::string::npos);
        CHECK(told);
        CHECK(ending.greeting.empty());
    }
}

TEST_CASE("what RFC 1929 cannot carry is refused, as are unix sockets") {
    net::SocksSettings settings{"127.0.0.1", 1080, std::string(256, 'u'), "p"};
    CHECK_THROWS_AS(net::make_socks_dialer(nullptr, settings), std::invalid_argument);
    settings.username = std::string(255, 'u');
    const auto dialer = net::make_socks_dialer(nullptr, settings);
    asio::io_context loop;
    const std::string path = "/run/lmtp";
    CHECK_THROWS_AS(test::run(loop, dialer->dial_unix(path, Deadline::in(1s))), std::system_error);
}
