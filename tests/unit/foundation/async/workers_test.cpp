// SPDX-License-Identifier: Apache-2.0
#include "core/foundation/async/workers.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <thread>

#include "tests/support/run.hpp"

using namespace outpost;

TEST_CASE("what takes long is computed on another thread, and its end is heard on one's own") {
    asio::io_context loop;
    Workers workers(2);
    const auto compute = [](Workers& workers) -> awaitable<std::pair<bool, std::string>> {
        const auto here = std::this_thread::get_id();
        auto words = std::make_unique<std::string>("done");
        auto work = [here, words = std::move(words)] {
            return *words + (std::this_thread::get_id() == here ? " here" : " elsewhere");
        };
        auto said = co_await workers.run(std::move(work));
        co_return std::pair(std::this_thread::get_id() == here, std::move(said));
    };
    const auto [came_back, said] = test::run(loop, compute(workers));
    CHECK(came_back);
    CHECK(said == "done elsewhere");
}

TEST_CASE("an exception of what is computed is its caller's") {
    asio::io_context loop;
    Workers workers(1);
    auto work = []() -> int { throw std::runtime_error("cannot"); };
    CHECK_THROWS_WITH_AS(
        test::run(loop, workers.run(std::move(work))), "cannot", std::runtime_error
    );
}
