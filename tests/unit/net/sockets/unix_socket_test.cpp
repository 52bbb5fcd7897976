// SPDX-License-Identifier: Apache-2.0
#include "core/net/sockets/unix_socket.hpp"

#include <doctest/doctest.h>
#include <unistd.h>
#include <asio/local/stream_protocol.hpp>
#include <asio/read.hpp>

#include "core/net/sockets/listener.hpp"
#include "tests/support/soon.hpp"

using namespace outpost;
using namespace std::chrono_literals;
namespace fs = std::filesystem;
using Local = asio::local::stream_protocol;

namespace {

/// A directory of its own, removed in the end.
struct Directory {
    fs::path path = fs::temp_directory_path() / ("outpost-socket-" + std::to_string(getpid()));
    Directory() { fs::create_directories(path); }
    ~Directory() { fs::remove_all(path); }
};

/// A listener on a unix socket that says "hello" to whoever comes.
class Greeter {
  public:
    explicit Greeter(const net::UnixSocket& at) : listener_(loops_, at, greet) {
        listener_.start(tasks_);
        loops_.start();
    }
    ~Greeter() {
        listener_.stop();
        test::soon([&] { return tasks_.running() == 0; });
        loops_.stop();
    }

  private:
    static void greet(net::Listener::Socket socket, std::size_t) {
        asio::error_code ignored;
        socket.send(asio::buffer("hello", 5), 0, ignored);
    }
    TaskGroup tasks_;
    EventLoops loops_{1};
    net::Listener listener_;
};

std::string greeting(const fs::path& path) {
    asio::io_context here;
    Local::socket client(here);
    client.connect(Local::endpoint(path.string()));
    std::string text(5, ' ');
    asio::error_code ended;
    text.resize(asio::read(client, asio::buffer(text), ended));
    return text;
}

}  // namespace

TEST_CASE("a unix socket is there with its mode while somebody listens, and gone afterwards") {
    const Directory directory;
    const net::UnixSocket at{directory.path / "submit.sock", 0660};
    {
        const Greeter greeter(at);
        CHECK(greeting(at.path) == "hello");
        CHECK((fs::status(at.path).permissions() & fs::perms::mask) == fs::perms{0660});
    }
    CHECK_FALSE(fs::exists(at.path));
}

TEST_CASE("the socket of a process that was killed is replaced, that of a living one is not") {
    const Directory directory;
    const net::UnixSocket at{directory.path / "submit.sock"};
    asio::io_context here;
    Local::acceptor(here, Local::endpoint(at.path.string())).close();  // the file stays
    REQUIRE(fs::exists(at.path));
    const Greeter greeter(at);
    CHECK(greeting(at.path) == "hello");
    CHECK_THROWS_WITH_AS(Greeter{at}, doctest::Contains("cannot listen on unix:"), const std::system_error&);
    CHECK(greeting(at.path) == "hello");
}

TEST_CASE("what is no socket is left alone") {
    const Directory directory;
    CHECK_THROWS_AS(Greeter(net::UnixSocket{directory.path}), const std::system_error&);
    CHECK(fs::is_directory(directory.path));
}
