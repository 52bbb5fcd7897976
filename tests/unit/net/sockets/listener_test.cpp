// SPDX-License-Identifier: Apache-2.0
#include "core/net/sockets/listener.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <optional>
#include <thread>

#include "core/foundation/base/log.hpp"
#include "core/net/sockets/connect.hpp"
#include "core/net/sockets/shortage.hpp"
#include "tests/support/run.hpp"
#include "tests/support/soon.hpp"

using namespace outpost;
using namespace std::chrono_literals;
using asio::ip::tcp;
using test::soon;

namespace {

/// How often the system had no descriptor left for accept() and socket().
std::atomic<int> refusals{0};

template <class Number>
int counted(Number result) {
    if (result < 0 && errno == EMFILE) ++refusals;
    return static_cast<int>(result);
}

/// As long as it lives, no descriptor can be had.
class NoDescriptors {
  public:
    NoDescriptors() {
        getrlimit(RLIMIT_NOFILE, &before_);
        next_ = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
        const rlimit none{static_cast<rlim_t>(next_), before_.rlim_max};
        setrlimit(RLIMIT_NOFILE, &none);
    }
    ~NoDescriptors() {
        setrlimit(RLIMIT_NOFILE, &before_);
        ::close(next_);
    }
    NoDescriptors(const NoDescriptors&) = delete;
    NoDescriptors& operator=(const NoDescriptors&) = delete;

  private:
    rlimit before_{};
    int next_ = -1;
};

}  // namespace

// In front of the C library's, to count what they refuse.
extern "C" int accept(int listener, sockaddr* address, socklen_t* size) {
    return counted(::syscall(SYS_accept4, listener, address, size, 0));
}
extern "C" int socket(int domain, int type, int protocol) noexcept {
    return counted(::syscall(SYS_socket, domain, type, protocol));
}

TEST_CASE("a listener gives connections to the loops in turn until it is stopped") {
    std::atomic<int> on_loop[2] = {0, 0};
    TaskGroup tasks;
    EventLoops loops(2);
    net::Listener listener(
        loops, {asio::ip::address_v4::loopback(), 0},
        [&](net::Listener::Socket, std::size_t loop) { ++on_loop[loop]; }
    );
    listener.start(tasks);
    loops.start();
    asio::io_context here;
    const tcp::endpoint at(asio::ip::address_v4::loopback(), listener.port());
    for (int i = 0; i < 4; ++i)
        tcp::socket(here).connect(at);
    CHECK(soon([&] { return on_loop[0] == 2 && on_loop[1] == 2; }));
    listener.stop();
    CHECK(soon([&] { return tasks.running() == 0; }));
    asio::error_code refused;
    tcp::socket(here).connect(at, refused);
    CHECK(refused);
    loops.stop();
}

TEST_CASE("without descriptors a listener waits, and does not spin") {
    std::atomic<int> accepted{0};
    TaskGroup tasks;
    EventLoops loops(1);
    net::Listener listener(
        loops, {asio::ip::address_v4::loopback(), 0},
        [&](net::Listener::Socket, std::size_t) { ++accepted; }
    );
    listener.start(tasks);
    loops.start();
    asio::io_context here;
    tcp::socket client(here, tcp::v4());
    // UBSan opens a pipe when it first sees an object with virtual functions, so let it see the
    // log's.
    log::warning("test", "descriptors run out next, on port {}: {}", listener.port(), "expected");
    refusals = 0;
    {
        const NoDescriptors shortage;
        client.connect({asio::ip::address_v4::loopback(), listener.port()});
        REQUIRE(soon([] { return refusals > 0; }));
        const int before = refusals;
        const auto begun = SteadyClock::now();
        REQUIRE(soon([&] { return refusals > before + 1; }));
        // It has tried again, and waited twice meanwhile: 200 ms each.
        const int tries = refusals - before;
        CHECK(SteadyClock::now() - begun > (tries - 1) * 190ms);
        CHECK(accepted == 0);
    }
    CHECK(soon([&] { return accepted == 1; }));
    listener.stop();
    CHECK(soon([&] { return tasks.running() == 0; }));
    loops.stop();
}

TEST_CASE("without descriptors a connection waits for others to end, or for its deadline") {
    asio::io_context here;
    tcp::acceptor acceptor(here, {asio::ip::address_v4::loopback(), 0});
    const asio::generic::stream_protocol::endpoint to(acceptor.local_endpoint());
    const auto connect = [&](Deadline deadline) {
        const auto once = [](auto remote, Deadline by) -> awaitable<std::error_code> {
            try {
                co_await net::connect(remote, {}, by);
                co_return std::error_code();
            } catch (const std::system_error& error) {
                co_return error.code();
            }
        };
        return test::run(here, once(to, deadline));
    };
    CHECK_FALSE(connect(Deadline::in(5s)));
    std::optional<NoDescriptors> shortage(std::in_place);
    const auto failed = connect(Deadline::in(10ms));
    CHECK(net::is_shortage(failed));
    const int before = refusals;
    std::thread other([&] {
        CHECK(soon([&] { return refusals > before + 1; }));
        shortage.reset();
    });
    CHECK_FALSE(connect(Deadline::in(25s)));
    other.join();
}

TEST_CASE("an address in use is named") {
    EventLoops loops(1);
    net::Listener first(
        loops, {asio::ip::address_v4::loopback(), 0}, [](net::Listener::Socket, std::size_t) {}
    );
    try {
        net::Listener second(
            loops, {asio::ip::address_v4::loopback(), first.port()},
            [](net::Listener::Socket, std::size_t) {}
        );
        FAIL("two listeners on one port");
    } catch (const std::system_error& error) {
        CHECK(
            std::string(error.what()).find("127.0.0.1:" + std::to_string(first.port())) !=
            std::string::npos
        );
    }
}
