// SPDX-License-Identifier: Apache-2.0
#include "core/delivery/dispatch/limit_keeper.hpp"

#include <doctest/doctest.h>

#include <asio/io_context.hpp>

#include <algorithm>

#include "tests/support/memory_limit_store.hpp"

using namespace outpost;
using namespace outpost::dispatch;
using namespace std::chrono_literals;
using queue::LimitKey;

namespace {

/// One node's keeper on a loop that is run by hand.
struct KeptNode {
    explicit KeptNode(asio::io_context& on, std::shared_ptr<test::MemoryLimitStore::Shared> shared)
        : store(std::move(shared)),
          keeper(store, ours, on.get_executor(), [this](const auto& keys) {
              may_try.insert(may_try.end(), keys.begin(), keys.end());
          }) {
        keeper.start(tasks);
    }
    /// Takes up to the limit of one destination; how many it got.
    int take_all(std::size_t limit) {
        int got = 0;
        const Need need{{"direct", "a.example"}, {limit, {}}, limit};
        while (keeper.may_begin() && ours.take(need, SteadyClock::now()))
            ++got;
        if (ours.take_change()) keeper.wake();
        return got;
    }

    test::MemoryLimitStore store;
    Slots ours;
    std::vector<LimitKey> may_try;
    LimitKeeper keeper;
    TaskGroup tasks;
};

struct Cluster {
    void run_until(const std::function<bool()>& condition) {
        const auto limit = SteadyClock::now() + 20s;
        while (!condition()) {
            REQUIRE(SteadyClock::now() < limit);
            loop.run_one_for(100ms);
        }
    }
    void stop(std::vector<KeptNode*> nodes) {
        for (auto* node : nodes)
            node->keeper.stop();
        run_until([&] {
            return std::all_of(nodes.begin(), nodes.end(), [](auto* node) {
                return node->tasks.running() == 0;
            });
        });
    }

    asio::io_context loop;
    std::shared_ptr<test::MemoryLimitStore::Shared> shared =
        std::make_shared<test::MemoryLimitStore::Shared>();
};

}  // namespace

TEST_CASE("a node that is alone asks once, and then leaves the database in peace") {
    Cluster cluster;
    KeptNode node(cluster.loop, cluster.shared);
    CHECK(node.take_all(3) == 0);
    cluster.run_until([&] { return node.ours.is_alone(); });
    CHECK_FALSE(node.may_try.empty());
    CHECK(node.take_all(3) == 3);
    for (int i = 0; i < 3; ++i) {
        node.keeper.wake();
        cluster.loop.run_for(20ms);
    }
    CHECK(node.store.calls == 1);
    cluster.stop({&node});
}

TEST_CASE("a node that joins begins nothing before the other has said what it holds") {
    Cluster cluster;
    KeptNode first(cluster.loop, cluster.shared);
    cluster.run_until([&] { return first.ours.is_alone(); });
    CHECK(first.take_all(5) == 5);
    first.ours.give({"direct", "a.example"}, SteadyClock::now());
    first.ours.give({"direct", "a.example"}, SteadyClock::now());

    cluster.shared->nodes = 2;
    KeptNode second(cluster.loop, cluster.shared);
    CHECK(second.take_all(5) == 0);
    cluster.run_until([&] { return cluster.shared->published.contains(&second.store); });
    cluster.loop.run_for(50ms);
    CHECK(second.take_all(5) == 0);
    first.keeper.changed();  // what the second one's notification does
    int got = 0;
    cluster.run_until([&] {
        second.keeper.changed();
        got += second.take_all(5);
        return got > 0;
    });
    CHECK(got == 2);
    CHECK_FALSE(first.ours.is_alone());
    CHECK(first.take_all(5) == 0);

    cluster.shared->nodes = 1;  // the first one dies
    cluster.run_until([&] {
        second.keeper.changed();
        return second.ours.is_alone();
    });
    CHECK(second.take_all(5) == 3);
    cluster.stop({&first, &second});
}

TEST_CASE("after a lost lease nothing begins before what is held has been published anew") {
    Cluster cluster;
    KeptNode node(cluster.loop, cluster.shared);
    cluster.run_until([&] { return node.ours.is_alone(); });
    CHECK(node.take_all(2) == 2);
    node.ours.give({"direct", "a.example"}, SteadyClock::now());
    node.store.safe = false;
    CHECK(node.take_all(2) == 0);
    node.store.losses = 1;
    node.store.safe = true;
    cluster.shared->nodes = 2;
    CHECK(node.take_all(2) == 0);
    cluster.run_until([&] { return cluster.shared->published.contains(&node.store); });
    CHECK(cluster.shared->published[&node.store][LimitKey{"direct", "a.example"}] == 1);
    cluster.stop({&node});
}

TEST_CASE("a database that is away is asked again, and meanwhile what is held is used") {
    Cluster cluster;
    KeptNode node(cluster.loop, cluster.shared);
    node.store.away = true;
    cluster.run_until([&] { return node.store.calls > 0; });
    CHECK(node.take_all(2) == 0);
    node.store.away = false;
    cluster.run_until([&] { return node.ours.is_alone(); });
    CHECK(node.take_all(2) == 2);
    cluster.stop({&node});
}
