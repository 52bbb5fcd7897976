// SPDX-License-Identifier: Apache-2.0
#include "core/foundation/async/single_flight.hpp"

#include <doctest/doctest.h>
#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>

#include <optional>
#include <vector>

using namespace outpost;
using namespace std::chrono_literals;

namespace {

/// Those who want an answer: what each got, and how often the work was done.
struct Scene {
    asio::io_context loop;
    SingleFlight<int> flights;
    int worked = 0;
    std::vector<std::optional<int>> got;

    void want(Deadline deadline, std::optional<int> finishes, int posts = 3) {
        asio::co_spawn(loop, run(deadline, finishes, posts), [](std::exception_ptr) {});
    }
    awaitable<void> run(Deadline deadline, std::optional<int> finishes, int posts) {
        auto joined = co_await flights.join("key", deadline);
        if (!joined.turn) {
            got.push_back(joined.result);
            co_return;
        }
        ++worked;
        const Executor executor = co_await asio::this_coro::executor;
        for (int i = 0; i < posts; ++i)
            co_await asio::post(executor, use_awaitable);
        if (finishes) joined.turn->finish(*finishes);
        got.push_back(finishes);
    }
};

}  // namespace

TEST_CASE("those who come while one works have its result") {
    Scene scene;
    for (int i = 0; i < 5; ++i)
        scene.want(Deadline::in(10s), 42);
    scene.loop.run();
    CHECK(scene.worked == 1);
    CHECK(scene.got == std::vector<std::optional<int>>(5, 42));
}

TEST_CASE("when one ends without a result, the next has its turn") {
    Scene scene;
    scene.want(Deadline::in(10s), std::nullopt);
    scene.want(Deadline::in(10s), 42);
    scene.want(Deadline::in(10s), 42);
    scene.loop.run();
    CHECK(scene.worked == 2);
    CHECK(scene.got == std::vector<std::optional<int>>{std::nullopt, 42, 42});
}

TEST_CASE("nobody waits beyond its deadline, and a turn that is dropped is over") {
    Scene scene;
    std::optional<SingleFlight<int>::Joined> held;
    const auto keep = [](Scene& in, auto& out) -> awaitable<void> {
        out.emplace(co_await in.flights.join("key", {}));
    };
    asio::co_spawn(scene.loop, keep(scene, held), [](std::exception_ptr) {});
    scene.want(Deadline::in(1ms), 42);
    scene.loop.run();
    CHECK(scene.worked == 0);
    CHECK(scene.got == std::vector<std::optional<int>>{std::nullopt});
    held.reset();
    scene.want(Deadline::in(10s), 42);
    scene.loop.restart();
    scene.loop.run();
    CHECK(scene.worked == 1);
}
