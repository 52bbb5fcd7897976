// SPDX-License-Identifier: Apache-2.0
#include "core/net/http_server/server.hpp"

#include <doctest/doctest.h>
#include <asio/connect.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/read.hpp>
#include <asio/write.hpp>

#include <stdexcept>

using namespace outpost;

namespace {

const net::Endpoint any_port{asio::ip::address_v4::loopback(), 0};

/// Sends the octets and returns everything that comes back until the server closes.
std::string ask(std::uint16_t port, const std::string& request) {
    asio::io_context io;
    asio::ip::tcp::socket socket(io);
    socket.connect({asio::ip::address_v4::loopback(), port});
    asio::write(socket, asio::buffer(request));
    std::string answer;
    asio::error_code end;
    asio::read(socket, asio::dynamic_buffer(answer), end);
    return answer;
}
std::string get(std::uint16_t port, const std::string& path) {
    return ask(port, "GET " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
}

http_server::Response hello() {
    return {200, "text/plain; version=0.0.4", "hello\n"};
}
http_server::Response unwell() {
    return {503, "text/plain", "unwell\n"};
}
http_server::Response broken() {
    throw std::runtime_error("broken on purpose");
}

}  // namespace

TEST_CASE("pages are served with their status and type, and nothing else is") {
    http_server::Server server({{"/hello", hello}, {"/unwell", unwell}, {"/broken", broken}});
    server.start(any_port);
    const std::string answer = get(server.port(), "/hello");
    CHECK(answer.starts_with("HTTP/1.1 200 "));
    CHECK(answer.find("Content-Type: text/plain; version=0.0.4\r\n") != std::string::npos);
    CHECK(answer.ends_with("\r\n\r\nhello\n"));
    CHECK(get(server.port(), "/hello?name=x").starts_with("HTTP/1.1 200 "));
    CHECK(get(server.port(), "/unwell").starts_with("HTTP/1.1 503 "));
    CHECK(get(server.port(), "/broken").starts_with("HTTP/1.1 500 "));
    CHECK(get(server.port(), "/").starts_with("HTTP/1.1 404 "));
    CHECK(get(server.port(), "/hello/../hello/x").starts_with("HTTP/1.1 404 "));
}

TEST_CASE("only GET and HEAD are answered with the page") {
    http_server::Server server({{"/hello", hello}});
    server.start(any_port);
    const std::string head = ask(server.port(), "HEAD /hello HTTP/1.1\r\nHost: localhost\r\n\r\n");
    CHECK(head.starts_with("HTTP/1.1 200 "));
    CHECK(head.ends_with("\r\n\r\n"));
    const std::string post =
        ask(server.port(),
            "POST /hello HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\nhi");
    CHECK(post.starts_with("HTTP/1.1 405 "));
}

TEST_CASE("what is no HTTP does not stop the server") {
    http_server::Server server({{"/hello", hello}});
    server.start(any_port);
    ask(server.port(), "\r\n\r\n");
    ask(server.port(), "EHLO client.example.org\r\n");
    ask(server.port(), "GET /" + std::string(100'000, 'x') + " HTTP/1.1\r\n\r\n");
    CHECK(get(server.port(), "/hello").starts_with("HTTP/1.1 200 "));
}

TEST_CASE("an address that is taken is an error, even for a server of our own") {
    http_server::Server first({{"/hello", hello}}), second({{"/hello", hello}});
    first.start(any_port);
    CHECK_THROWS_AS(
        second.start({asio::ip::address_v4::loopback(), first.port()}), std::runtime_error
    );
    CHECK(get(first.port(), "/hello").starts_with("HTTP/1.1 200 "));
}

TEST_CASE("a server can be stopped at once, twice, or without ever having started") {
    http_server::Server never({});
    never.stop();
    http_server::Server server({{"/hello", hello}});
    server.start(any_port);
    server.stop();
    server.stop();
    CHECK_THROWS_AS(get(server.port(), "/hello"), std::system_error);
}
