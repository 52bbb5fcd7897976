// SPDX-License-Identifier: Apache-2.0
#include "core/foundation/async/flights.hpp"

#include <doctest/doctest.h>
#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>

#include <optional>
#include <vector>

using namespace outpost;
using namespace std::chrono_literals;

namespace {

/// One who wants the answer; what he got, and how often somebody had to do the work.
struct Scene {
    asio::io_context loop;
    Flights<int> flights;
    int worked = 0;
    std::vector<std::optional<int>> got;

    void want(Deadline deadline, std::optional<int> lands, int posts = 3) {
        asio::co_spawn(loop, run(deadline, lands, posts), [](std::exception_ptr) {});
    }
    awaitable<void> run(Deadline deadline, std::optional<int> lands, int posts) {
        auto boarding = co_await flights.board("key", deadline);
        if (!boarding.turn) {
            got.push_back(boarding.result);
            co_return;
        }
        ++worked;
        const Executor executor = co_await asio::this_coro::executor;
        for (int i = 0; i < posts; ++i)
            co_await asio::post(executor, use_awaitable);
        if (lands) boarding.turn->land(*lands);
        got.push_back(lands);
    }
};

}  // namespace

TEST_CASE("those who come while one works have his result") {
    Scene scene;
    for (int i = 0; i < 5; ++i)
        scene.want(Deadline::in(10s), 42);
    scene.loop.run();
    CHECK(scene.worked == 1);
    CHECK(scene.got == std::vector<std::optional<int>>(5, 42));
}

TEST_CASE("when one ends without a result, the next has his turn") {
    Scene scene;
    scene.want(Deadline::in(10s), std::nullopt);
    scene.want(Deadline::in(10s), 42);
    scene.want(Deadline::in(10s), 42);
    scene.loop.run();
    CHECK(scene.worked == 2);
    CHECK(scene.got == std::vector<std::optional<int>>{std::nullopt, 42, 42});
}

TEST_CASE("nobody waits beyond his deadline, and a turn that is dropped is over") {
    Scene scene;
    std::optional<Flights<int>::Boarding> held;
    const auto keep = [](Scene& in, auto& out) -> awaitable<void> {
        out.emplace(co_await in.flights.board("key", {}));
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
