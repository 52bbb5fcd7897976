// SPDX-License-Identifier: Apache-2.0
#include "core/foundation/async/semaphore.hpp"

#include <doctest/doctest.h>
#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <asio/use_future.hpp>

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/foundation/async/event_loops.hpp"

using namespace outpost;
using namespace std::chrono_literals;

namespace {

/// Several that want a permit on one loop; who got one, in what order.
struct Scene {
    asio::io_context loop;
    Semaphore semaphore{1};
    std::string order;
    std::vector<Semaphore::Permit> kept;

    void want(char name, Deadline deadline = {}) {
        asio::co_spawn(loop, run(name, deadline), [](std::exception_ptr) {});
    }
    awaitable<void> run(char name, Deadline deadline) {
        auto permit = co_await semaphore.acquire(deadline);
        order += permit ? name : '-';
        if (permit) kept.push_back(std::move(permit));
    }
    void poll() {
        loop.restart();
        loop.poll();
    }
};

awaitable<void> count_up(Semaphore& semaphore, std::atomic<int>& inside, std::atomic<int>& most) {
    for (int i = 0; i < 500; ++i) {
        const auto permit = co_await semaphore.acquire();
        const int now = ++inside;
        if (now > most) most = now;
        co_await asio::post(co_await asio::this_coro::executor, use_awaitable);
        --inside;
    }
}

}  // namespace

TEST_CASE("a semaphore lets so many in, and the others in the order in which they came") {
    Scene scene;
    scene.want('a');
    scene.want('b');
    scene.want('c');
    scene.poll();
    CHECK(scene.order == "a");
    CHECK_FALSE(scene.semaphore.try_acquire());
    scene.kept.erase(scene.kept.begin());
    scene.poll();
    CHECK(scene.order == "ab");
    scene.kept.clear();
    scene.poll();
    CHECK(scene.order == "abc");
    scene.kept.clear();
    CHECK(scene.semaphore.try_acquire());
}

TEST_CASE("nobody overtakes one that has been served and is not yet awake") {
    Scene scene;
    scene.want('a');
    scene.want('b');
    scene.poll();
    scene.kept.clear();
    CHECK_FALSE(scene.semaphore.try_acquire());
    scene.poll();
    CHECK(scene.order == "ab");
}

TEST_CASE("who waits beyond its deadline goes without, and takes nothing with it") {
    Scene scene;
    scene.want('a');
    scene.poll();
    scene.want('b', Deadline::in(1ms));
    scene.want('c');
    scene.loop.restart();
    scene.loop.run_for(50ms);
    CHECK(scene.order == "a-");
    scene.kept.clear();
    scene.poll();
    CHECK(scene.order == "a-c");
}

TEST_CASE("a coroutine that is destroyed leaves its place, and what it was given, to the next") {
    Semaphore semaphore(1);
    std::optional<Semaphore::Permit> held(semaphore.try_acquire());
    Scene survivor;
    const auto run = [](Semaphore& wanted, std::string& order) -> awaitable<void> {
        const auto permit = co_await wanted.acquire();
        order += permit ? 'y' : 'n';
    };
    auto doomed = std::make_unique<asio::io_context>();
    std::string order, doomed_order;
    asio::co_spawn(*doomed, run(semaphore, doomed_order), [](std::exception_ptr) {});
    doomed->poll();
    asio::co_spawn(survivor.loop, run(semaphore, order), [](std::exception_ptr) {});
    survivor.poll();
    SUBCASE("while it waits") {
        doomed.reset();
        held.reset();
    }
    SUBCASE("when it has been served") {
        held.reset();
        doomed.reset();
    }
    survivor.poll();
    CHECK(order == "y");
    CHECK(doomed_order.empty());
    CHECK(semaphore.try_acquire());
}

TEST_CASE("no wake-up is lost between loops") {
    EventLoops loops(3);
    loops.start();
    Semaphore semaphore(2);
    std::atomic<int> inside{0}, most{0};
    std::vector<std::future<void>> all;
    for (std::size_t i = 0; i < 9; ++i)
        all.push_back(
            asio::co_spawn(loops.at(i % 3), count_up(semaphore, inside, most), asio::use_future)
        );
    for (auto& one : all)
        REQUIRE(one.wait_for(30s) == std::future_status::ready);
    CHECK(most == 2);
    loops.stop();
}

TEST_CASE("when the first, which wants much, gives up, the next is tried with what there is") {
    asio::io_context loop;
    WaitQueue<std::shared_ptr<int>> queue;
    constexpr int free = 3;
    const auto take = [](int much) {
        return [much] { return much <= free ? std::make_shared<int>(much) : nullptr; };
    };
    std::vector<int> got;
    const auto want = [&](std::function<std::shared_ptr<int>()> how, Deadline deadline) {
        const auto run = [](auto& in, auto take, Deadline until, auto& out) -> awaitable<void> {
            const auto permit = co_await in.wait(std::move(take), until);
            out.push_back(permit ? *permit : 0);
        };
        asio::co_spawn(loop, run(queue, std::move(how), deadline, got), [](std::exception_ptr) {});
    };
    want(take(5), Deadline::in(5ms));
    want(take(2), Deadline::in(10s));
    loop.poll();
    CHECK(got.empty());
    CHECK(queue.waiting() == 2);
    CHECK_FALSE(queue.try_take(take(1)));
    loop.run();
    CHECK(got == std::vector<int>{0, 2});
    CHECK(queue.try_take(take(1)));
}
