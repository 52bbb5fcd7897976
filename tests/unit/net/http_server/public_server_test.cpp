// SPDX-License-Identifier: Apache-2.0
#include "core/net/http_server/public_server.hpp"

#include <doctest/doctest.h>

#include <asio/connect.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/read.hpp>
#include <asio/ssl.hpp>
#include <asio/use_future.hpp>
#include <asio/write.hpp>

#include <filesystem>
#include <stdexcept>

using namespace outpost;
using namespace outpost::http_server;
using namespace std::chrono_literals;
using asio::ip::tcp;

namespace {

/// Gives back what it got; takes bodies of 1000 octets at /in.
class Echo final : public Site {
  public:
    std::size_t longest_body(const RequestHead& head) const override {
        return head.path == "/in" ? 1000 : 0;
    }
    awaitable<Response> answer(Request request) override {
        if (request.head.path == "/broken") throw std::runtime_error("broken on purpose");
        if (request.head.path == "/refused") co_return Response{405, "text/plain", "no", "POST"};
        co_return Response{
            200, "text/plain",
            request.client.to_string() + " " + request.head.host + " " + request.body
        };
    }
};

struct World {
    explicit World(PublicBounds bounds = {}, tls::ContextPtr tls = nullptr)
        : server(loops, brief(bounds)) {
        loops.start();
        server.serve(std::make_shared<Echo>(), std::move(tls));
        server.start({asio::ip::address_v4::loopback(), 0});
    }
    ~World() {
        server.stop();
        asio::co_spawn(loops.at(0), server.join(Deadline::in(10s)), asio::use_future).wait();
        loops.stop();
    }
    static PublicBounds brief(PublicBounds bounds) {
        bounds.parting_time = 20ms;
        return bounds;
    }
    tcp::socket connect() {
        tcp::socket socket(io);
        socket.connect({asio::ip::address_v4::loopback(), server.port()});
        return socket;
    }
    /// One that the server has taken in and hears out: it said so.
    tcp::socket waiting_for_its_body() {
        auto socket = connect();
        const std::string head =
            "POST /in HTTP/1.1\r\nHost: here\r\nContent-Length: 2\r\n"
            "Expect: 100-continue\r\n\r\n";
        asio::write(socket, asio::buffer(head));
        std::string leave(25, ' ');
        asio::read(socket, asio::buffer(leave));
        CHECK(leave == "HTTP/1.1 100 Continue\r\n\r\n");
        return socket;
    }
    /// Sends the octets and returns everything until the server closes.
    std::string ask(const std::string& request) {
        auto socket = connect();
        asio::error_code end;
        asio::write(socket, asio::buffer(request), end);
        return rest_of(socket);
    }
    template <class Stream>
    static std::string rest_of(Stream& stream) {
        std::string answer;
        asio::error_code end;
        asio::read(stream, asio::dynamic_buffer(answer), end);
        return answer;
    }
    std::string get(const std::string& path) {
        return ask("GET " + path + " HTTP/1.1\r\nHost: Here\r\n\r\n");
    }
    std::string post(const std::string& more, const std::string& body) {
        return ask("POST /in HTTP/1.1\r\nHost: here\r\n" + more + "\r\n" + body);
    }

    EventLoops loops{2};
    PublicServer server;
    asio::io_context io;
};

}  // namespace

TEST_CASE("a request is answered, with its body where one is wanted") {
    World world;
    const auto answer = world.get("/a");
    CHECK(answer.starts_with("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 15\r\n"
    ));
    CHECK(answer.ends_with("\r\nConnection: close\r\n\r\n127.0.0.1 here "));
    CHECK(world.post("Content-Length: 5\r\n", "hello").ends_with("127.0.0.1 here hello"));
    const auto head = world.ask("HEAD /a HTTP/1.1\r\nHost: here\r\n\r\n");
    CHECK(head.find("Content-Length: 15\r\n") != std::string::npos);
    CHECK(head.ends_with("\r\n\r\n"));
    CHECK(world.get("/refused").find("\r\nAllow: POST\r\n") != std::string::npos);
    CHECK(world.get("/broken").starts_with("HTTP/1.1 500 "));
}

TEST_CASE("a client that waits for leave to send its body gets it") {
    World world;
    auto socket = world.waiting_for_its_body();
    asio::write(socket, asio::buffer(std::string("hi")));
    CHECK(World::rest_of(socket).ends_with("here hi"));
}

TEST_CASE("bodies that are too large, or whose length nobody says, are not read") {
    World world;
    CHECK(world.post("Content-Length: 1001\r\n", "").starts_with("HTTP/1.1 413 "));
    CHECK(world.post("", "").starts_with("HTTP/1.1 411 "));
    CHECK(world.post("Transfer-Encoding: chunked\r\n", "0\r\n\r\n").starts_with("HTTP/1.1 411 "));
    CHECK(
        world.post("Content-Length: 1001\r\n", std::string(1001, 'x')).starts_with("HTTP/1.1 413 ")
    );
    // Cut off: nobody is there to be answered.
    auto socket = world.connect();
    asio::write(
        socket,
        asio::buffer(std::string("POST /in HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nshort"))
    );
    socket.shutdown(tcp::socket::shutdown_send);
    CHECK(World::rest_of(socket).empty());
}

TEST_CASE("what is no HTTP, or too long, is refused, and does not stop the server") {
    World world;
    CHECK(world.ask("EHLO client.example.org\r\n\r\n").starts_with("HTTP/1.1 400 "));
    CHECK(world.ask("GET / HTTP/1.1\nHost: x\n\n").starts_with("HTTP/1.1 400 "));
    CHECK(world.ask("GET /" + std::string(5000, 'x') + " HTTP/1.1\r\n\r\n")
              .starts_with("HTTP/1.1 431 "));
    std::string many = "GET / HTTP/1.1\r\n";
    for (int i = 0; i < 101; ++i)
        many += "X: y\r\n";
    CHECK(world.ask(many + "\r\n").starts_with("HTTP/1.1 431 "));
    CHECK(world.get("/").starts_with("HTTP/1.1 200 "));
}

TEST_CASE("connections are bounded, in all and of one client, and given back") {
    PublicBounds bounds;
    bounds.connections_of_client = 2;
    World world(bounds);
    {
        const auto one = world.waiting_for_its_body(), two = world.waiting_for_its_body();
        CHECK(world.get("/").empty());
    }
    std::string again;
    const auto give_up = std::chrono::steady_clock::now() + 10s;
    while (again.empty() && std::chrono::steady_clock::now() < give_up)
        again = world.get("/");
    CHECK(again.starts_with("HTTP/1.1 200 "));
}

TEST_CASE("memory for bodies is bounded") {
    PublicBounds bounds;
    bounds.body_memory = 10;
    World world(bounds);
    CHECK(world.post("Content-Length: 11\r\n", "").starts_with("HTTP/1.1 503 "));
    CHECK(world.post("Content-Length: 10\r\n", "0123456789").starts_with("HTTP/1.1 200 "));
    CHECK(world.post("Content-Length: 10\r\n", "0123456789").starts_with("HTTP/1.1 200 "));
}

TEST_CASE("a client that trickles is cut off, however busy it looks") {
    PublicBounds bounds;
    bounds.head_time = 100ms;
    World world(bounds);
    auto socket = world.connect();
    asio::error_code end;
    for (int i = 0; i < 1000 && !end; ++i) {
        asio::write(socket, asio::buffer(std::string("X")), end);
        std::this_thread::sleep_for(10ms);
    }
    CHECK(end);
}

TEST_CASE("with a certificate it is HTTPS alone, by ALPN too") {
    const auto directory = std::filesystem::temp_directory_path() /
                           ("outpost-public-server-" + std::to_string(::getpid()));
    std::filesystem::create_directories(directory);
    tls::mint_certificates(directory, {"localhost"});
    {
        World world(
            {}, tls::make_server_context(
                    {directory / "cert.pem", directory / "key.pem"}, tls::Service::https
                )
        );
        const auto ask = [&](const std::string& protocol) {
            asio::ssl::context context(asio::ssl::context::tls_client);
            asio::ssl::stream<tcp::socket> stream(world.connect(), context);
            const auto list = static_cast<char>(protocol.size()) + protocol;
            SSL_set_alpn_protos(
                stream.native_handle(), reinterpret_cast<const unsigned char*>(list.data()),
                static_cast<unsigned>(list.size())
            );
            asio::error_code failed;
            stream.handshake(asio::ssl::stream_base::client, failed);
            if (failed) return std::string();
            asio::write(stream, asio::buffer(std::string("GET / HTTP/1.1\r\nHost: h\r\n\r\n")));
            return World::rest_of(stream);
        };
        CHECK(ask("http/1.1").starts_with("HTTP/1.1 200 "));
        CHECK(ask("smtp").empty());
        CHECK_FALSE(world.get("/").starts_with("HTTP/1.1"));
    }
    std::filesystem::remove_all(directory);
}
