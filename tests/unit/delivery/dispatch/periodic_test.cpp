// SPDX-License-Identifier: Apache-2.0
#include "core/delivery/dispatch/periodic.hpp"

#include <doctest/doctest.h>

#include <asio/io_context.hpp>

#include <stdexcept>

#include "tests/support/run.hpp"

using namespace outpost;
using namespace outpost::dispatch;
using namespace std::chrono_literals;

namespace {

struct Counter {
    int rounds = 0;
    int more = 0;      ///< rounds that say there is more to do
    int failures = 0;  ///< rounds that throw
    Periodic* periodic = nullptr;
    int stop_after = 0;

    awaitable<bool> round() {
        ++rounds;
        if (rounds >= stop_after) periodic->stop();
        if (failures-- > 0) throw std::runtime_error("no luck");
        co_return more-- > 0;
    }
};

bool ends(Counter& counter) {
    asio::io_context loop;
    Periodic periodic("test", loop.get_executor(), 1h, [&counter] { return counter.round(); });
    counter.periodic = &periodic;
    TaskGroup tasks;
    periodic.start(tasks);
    periodic.wake();
    return test::run(loop, tasks.join(Deadline::in(10s)));
}

}  // namespace

TEST_CASE("rounds follow at once while there is more to do") {
    Counter counter{.more = 3, .stop_after = 4};
    CHECK(ends(counter));
    CHECK(counter.rounds == 4);
}

TEST_CASE("a wake brings the next round before its time") {
    Counter counter{.stop_after = 2};
    CHECK(ends(counter));
    CHECK(counter.rounds == 2);
}

TEST_CASE("a failed round does not end the work") {
    Counter counter{.failures = 1, .stop_after = 2};
    CHECK(ends(counter));
    CHECK(counter.rounds == 2);
}
