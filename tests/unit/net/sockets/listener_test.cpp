// SPDX-License-Identifier: Apache-2.0
#include "core/net/sockets/listener.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "core/foundation/base/log.hpp"
#include "core/net/sockets/connect.hpp"
#include "core/net/sockets/shortage.hpp"
#include "tests/support/run.hpp"

using namespace outpost;
using namespace std::chrono_literals;
using asio::ip::tcp;

namespace {

/// Waits up to 5 s for `condition`.
template <class Condition>
bool soon(Condition condition) {
    for (int i = 0; i < 500 && !condition(); ++i)
        std::this_thread::sleep_for(10ms);
    return condition();
}

double cpu_seconds() {
    timespec used{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) / 1e9;
}

}  // namespace

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
    rlimit before{};
    getrlimit(RLIMIT_NOFILE, &before);
    const int next = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    const rlimit none{static_cast<rlim_t>(next), before.rlim_max};
    setrlimit(RLIMIT_NOFILE, &none);
    const double begun = cpu_seconds();
    client.connect({asio::ip::address_v4::loopback(), listener.port()});
    std::this_thread::sleep_for(500ms);
    const double used = cpu_seconds() - begun;
    CHECK(accepted == 0);
    setrlimit(RLIMIT_NOFILE, &before);
    ::close(next);
    CHECK(used < 0.1);
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
    rlimit before{};
    getrlimit(RLIMIT_NOFILE, &before);
    const int next = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    const rlimit none{static_cast<rlim_t>(next), before.rlim_max};
    setrlimit(RLIMIT_NOFILE, &none);
    const auto failed = connect(Deadline::in(10ms));
    CHECK(net::is_shortage(failed));
    std::thread other([&] {
        std::this_thread::sleep_for(300ms);
        setrlimit(RLIMIT_NOFILE, &before);
    });
    CHECK_FALSE(connect(Deadline::in(10s)));
    other.join();
    ::close(next);
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
