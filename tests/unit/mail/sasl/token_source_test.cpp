// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>
#include <unistd.h>

#include <asio/ip/tcp.hpp>
#include <asio/read_until.hpp>
#include <asio/write.hpp>
#include <filesystem>
#include <fstream>
#include <future>

#include "core/mail/sasl/token_source.hpp"

using namespace outpost;
using namespace outpost::sasl;
using namespace std::chrono_literals;

namespace {

struct TempFile {
    std::filesystem::path path =
        std::filesystem::temp_directory_path() / ("outpost-token-" + std::to_string(getpid()));
    void write(const std::string& text) const { std::ofstream(path) << text; }
    ~TempFile() { std::filesystem::remove(path); }
};

std::string revealed(const Result<Secret>& token) {
    return token ? std::string(token->reveal()) : "error: " + token.error();
}

/// Answers one HTTP request on loopback and returns what was asked.
std::string serve_once(asio::ip::tcp::acceptor& acceptor, const std::string& answer) {
    auto socket = acceptor.accept();
    std::string request;
    asio::read_until(socket, asio::dynamic_buffer(request), "\r\n\r\n");
    while (request.find("client_credentials") == std::string::npos) {
        char more[512];
        request.append(more, socket.read_some(asio::buffer(more)));
    }
    asio::write(socket, asio::buffer(answer));
    return request;
}

}  // namespace

TEST_CASE("a token file is read again when it changes") {
    const TempFile file;
    TokenSource source(TokenFile{file.path});
    CHECK_FALSE(source.get());
    file.write("first\n");
    CHECK(revealed(source.get()) == "first");
    file.write("second");
    CHECK(revealed(source.get()) == "second");
    for (const std::string bad : {"", "\n", "two words", "two\nlines", "\x01", "\xc3\xa9"}) {
        CAPTURE(bad);
        file.write(bad);
        CHECK_FALSE(source.get());
    }
    file.write(std::string(max_token_size + 1, 'x'));
    CHECK_FALSE(source.get());
}

TEST_CASE("a command prints the token; it runs again when the token is old or was refused") {
    const TempFile file;
    const std::string count_up =
        "echo x >> " + file.path.string() + "; echo token$(wc -l < " + file.path.string() + ")";
    TokenSource source(TokenCommand{{"sh", "-c", count_up}, 1h});
    CHECK(revealed(source.get()) == "token1");
    CHECK(revealed(source.get()) == "token1");
    source.refused(Secret("another"));
    CHECK(revealed(source.get()) == "token1");
    source.refused(Secret("token1"));
    CHECK(revealed(source.get()) == "token2");

    CHECK(fetch_from_command({{"echo", "$HOME"}, 1h}, 5s)->token == Secret("$HOME"));  // no shell
}

TEST_CASE("commands that misbehave are errors, in bounded time") {
    const std::vector<std::vector<std::string>> commands = {
        {},
        {"/no/such/program"},
        {"false"},
        {"true"},
        {"sh", "-c", "echo token; exit 1"},
        {"yes"},
        {"sleep", "60"},
        {"sh", "-c", "sleep 60 & sleep 60"},
        {"sh", "-c", "echo token; exec >&-; sleep 60"},
    };
    for (const auto& command : commands) {
        const auto start = SteadyClock::now();
        CHECK_FALSE(fetch_from_command({command, 1h}, 300ms));
        CHECK(SteadyClock::now() - start < 30s);
    }
}

TEST_CASE("answers of token endpoints") {
    const auto good =
        parse_token_response(R"({"access_token":"abc","token_type":"Bearer","expires_in":3600})");
    REQUIRE(good);
    CHECK(good->token == Secret("abc"));
    CHECK(good->lifetime == 3600s);
    CHECK(
        parse_token_response(R"({"access_token":"abc","token_type":"bearer"})")->lifetime == 300s
    );
    CHECK(
        parse_token_response(R"({"access_token":"abc","token_type":"bearer","expires_in":-5})")
            ->lifetime == 0s
    );
    for (const char* bad :
         {"", "[]", "null", "{", "{}", R"({"access_token":"abc"})",
          R"({"access_token":"abc","token_type":"mac"})",
          R"({"access_token":7,"token_type":"bearer"})",
          R"({"access_token":"a b","token_type":"bearer"})", R"({"error":"invalid_client"})"}) {
        CAPTURE(bad);
        CHECK_FALSE(parse_token_response(bad));
    }
}

TEST_CASE("secrets go to https, or to this machine") {
    for (const char* url :
         {"https://login.example.org/token", "http://127.0.0.1:8080/t", "http://[::1]/t",
          "http://localhost/t"})
        CHECK(is_safe_token_url(url));
    for (const char* url :
         {"", "http://login.example.org/", "http://127.0.0.1.example.org/",
          "http://localhost@example.org/", "ftp://127.0.0.1/", "file:///etc/passwd",
          "login.example.org"}) {
        CAPTURE(url);
        CHECK_FALSE(is_safe_token_url(url));
    }
}

TEST_CASE("the client credentials grant, and no redirection") {
    asio::io_context loop;
    asio::ip::tcp::acceptor acceptor(loop, {asio::ip::address_v4::loopback(), 0});
    const std::string base = "http://127.0.0.1:" + std::to_string(acceptor.local_endpoint().port());
    const TokenEndpoint settings{base + "/token", "me", Secret("a secret"), {"mail.send", "x"}};

    const std::string json = R"({"access_token":"abc","token_type":"Bearer","expires_in":3600})";
    auto asked = std::async(std::launch::async, [&] {
        return serve_once(
            acceptor,
            "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(json.size()) + "\r\n\r\n" + json
        );
    });
    TokenSource source(settings);
    CHECK(revealed(source.get()) == "abc");
    const std::string request = asked.get();
    CHECK(request.starts_with("POST /token "));
    CHECK(request.find("Authorization: Basic bWU6YSUyMHNlY3JldA==\r\n") != std::string::npos);
    CHECK(request.ends_with("grant_type=client_credentials&scope=mail.send%20x"));
    CHECK(revealed(source.get()) == "abc");  // kept: nobody answers a second request

    asked = std::async(std::launch::async, [&] {
        return serve_once(
            acceptor,
            "HTTP/1.1 302 Found\r\nLocation: " + base + "/elsewhere\r\nContent-Length: 0\r\n\r\n"
        );
    });
    CHECK_FALSE(fetch_from_endpoint(settings));
    asked.get();
}
