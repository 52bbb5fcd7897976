// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <algorithm>
#include <thread>

#include "core/delivery/queue/limits_pg.hpp"
#include "tests/unit/delivery/queue/queue_lab.hpp"

using namespace outpost;
using namespace outpost::queue;
using namespace std::chrono_literals;

namespace {

const LimitKey big{"direct", "big.example"};
constexpr std::size_t limit = 6;

/// A node with what it holds of one key.
struct LimitedNode : test::QueueNode {
    LimitedNode(const db::Settings& settings, const std::string& name)
        : QueueNode(settings, name), limits(pool, node) {}

    bool alone() { return run(limits.alone()); }
    void publish(std::size_t held = 0) {
        slots = held;
        std::vector<SlotRequest> all;
        if (held > 0) all.push_back({big, held, 0, limit});
        run(limits.publish(std::move(all)));
    }
    LimitStanding ask(std::size_t keep, std::size_t want, std::size_t most = limit) {
        const auto answer = run(limits.exchange({{big, keep, want, most}}));
        note(answer);
        return answer.standing;
    }
    /// An exchange about nothing: what others wait for.
    LimitStanding look() {
        const auto answer = run(limits.exchange({}));
        note(answer);
        return answer.standing;
    }
    std::size_t let_go(std::size_t want, delivery::Rate rate) {
        const auto grants = run(limits.let_go({{big, want, rate}}));
        retry = grants.at(0).retry;
        return grants.at(0).granted;
    }

    PgLimits limits;
    std::size_t slots = 0;
    std::optional<std::size_t> ceiling;
    std::chrono::milliseconds retry{};

  private:
    void note(const SlotAnswer& answer) {
        ceiling.reset();
        for (const auto& grant : answer.grants) {
            if (grant.key != big) continue;
            slots = grant.slots;
            ceiling = grant.ceiling;
        }
    }
};

struct Fleet : test::QueueDatabase {
    /// What a node does that begins while others live.
    std::unique_ptr<LimitedNode> join(const std::string& name) {
        auto joined = std::make_unique<LimitedNode>(settings, name);
        REQUIRE_FALSE(joined->alone());
        joined->publish();
        return joined;
    }
    void kill(const std::string& name) {
        sql("UPDATE outpost_private.node SET lease_until = clock_timestamp() WHERE name = '" +
            name + "'");
    }
    std::int64_t held() {
        return number(
            "SELECT coalesce(sum(slots), 0) FROM outpost.limits WHERE destination = "
            "'big.example'"
        );
    }
};

}  // namespace

TEST_CASE("limits: a node that is alone leaves nothing in the database") {
    Fleet fleet;
    LimitedNode node(fleet.settings, "a");
    CHECK(node.ask(0, 1) == LimitStanding::unpublished);
    CHECK(node.alone());
    CHECK(node.ask(0, 1) == LimitStanding::unpublished);
    CHECK(fleet.number("SELECT count(*) FROM outpost.limits") == 0);
}

TEST_CASE("limits: nobody is granted a slot before a node that counts in memory has published") {
    Fleet fleet;
    LimitedNode a(fleet.settings, "a");
    REQUIRE(a.alone());
    const auto b = fleet.join("b");
    CHECK(b->ask(0, 1) == LimitStanding::waiting);
    CHECK_FALSE(a.alone());
    a.publish(4);
    CHECK(b->ask(0, 5) == LimitStanding::shared);
    CHECK(b->slots == 2);
    CHECK(fleet.held() == 6);
}

TEST_CASE("limits: a node that has only just begun holds up nobody") {
    Fleet fleet;
    LimitedNode a(fleet.settings, "a");
    a.publish(1);
    const LimitedNode silent(fleet.settings, "silent");
    CHECK(a.ask(1, 1) == LimitStanding::shared);
    CHECK(a.slots == 2);
}

TEST_CASE("limits: after a crash of the database all publish again before anyone takes more") {
    Fleet fleet;
    LimitedNode a(fleet.settings, "a");
    a.publish(4);
    const auto b = fleet.join("b");
    // What recovery does to unlogged tables.
    fleet.sql("TRUNCATE outpost_private.limit_node, outpost_private.limit_slot");
    CHECK(b->ask(0, 6) == LimitStanding::unpublished);
    b->publish();
    CHECK(b->ask(0, 6) == LimitStanding::waiting);
    a.publish(4);
    CHECK(b->ask(0, 6) == LimitStanding::shared);
    CHECK(b->slots == 2);
}

TEST_CASE("limits: a dead node's slots are free, and the last one is alone again") {
    Fleet fleet;
    LimitedNode a(fleet.settings, "a");
    a.publish(4);
    const auto b = fleet.join("b");
    const auto c = fleet.join("c");
    CHECK(b->ask(0, 6) == LimitStanding::shared);
    CHECK(b->slots == 2);
    fleet.kill("a");
    CHECK(b->ask(2, 4) == LimitStanding::shared);
    CHECK(b->slots == 6);
    CHECK(a.ask(4, 0) == LimitStanding::unpublished);
    fleet.kill("c");
    CHECK(b->look() == LimitStanding::alone);
    CHECK(b->alone());
    CHECK_FALSE(a.alone());
}

TEST_CASE("limits: slots go to whoever asks first, and to all in fair parts once others wait") {
    Fleet fleet;
    LimitedNode a(fleet.settings, "a");
    a.publish();
    const auto b = fleet.join("b");
    a.ask(0, 9);
    CHECK(a.slots == 6);
    CHECK_FALSE(a.ceiling);
    b->ask(0, 9);
    CHECK(b->slots == 0);
    CHECK(fleet.number("SELECT wanted FROM outpost.limits WHERE node = 'b'") == 9);
    a.look();
    REQUIRE(a.ceiling);
    CHECK(*a.ceiling == 3);
    a.ask(3, 6);  // it gave three up, and would have them back
    CHECK(a.slots == 3);
    b->ask(0, 9);
    CHECK(b->slots == 3);
    a.look();
    CHECK_FALSE(a.ceiling);
    SUBCASE("a third one gets its part from both") {
        const auto c = fleet.join("c");
        c->ask(0, 1);
        CHECK(c->slots == 0);
        a.look();
        CHECK(a.ceiling == std::optional<std::size_t>(2));
        b->look();
        CHECK(b->ceiling == std::optional<std::size_t>(2));
        a.ask(2, 0);
        c->ask(0, 1);
        CHECK(c->slots == 1);
        b->look();
        CHECK_FALSE(b->ceiling);
        CHECK(fleet.held() == 6);
    }
    SUBCASE("what one gives back without need goes to the other") {
        a.ask(0, 0);
        b->ask(3, 6);
        CHECK(b->slots == 6);
        CHECK(fleet.number("SELECT count(*) FROM outpost.limits WHERE node = 'a'") == 0);
    }
}

TEST_CASE("limits: with fewer slots than nodes they take turns, in the order of their waiting") {
    Fleet fleet;
    LimitedNode a(fleet.settings, "a");
    a.publish();
    const auto b = fleet.join("b");
    const auto c = fleet.join("c");
    a.ask(0, 1, 1);
    CHECK(a.slots == 1);
    b->ask(0, 1, 1);
    c->ask(0, 1, 1);
    CHECK(b->slots + c->slots == 0);
    a.look();
    CHECK(a.ceiling == std::optional<std::size_t>(0));
    a.ask(0, 1, 1);  // gives it up and goes to the end of the line
    CHECK(a.slots == 0);
    c->ask(0, 1, 1);
    CHECK(c->slots == 0);
    b->ask(0, 1, 1);
    CHECK(b->slots == 1);
    b->ask(0, 1, 1);
    a.ask(0, 1, 1);
    CHECK(a.slots == 0);
    c->ask(0, 1, 1);
    CHECK(c->slots == 1);
}

TEST_CASE("limits: an exchange that comes late changes nothing") {
    Fleet fleet;
    LimitedNode a(fleet.settings, "a");
    a.publish();
    const auto b = fleet.join("b");
    a.ask(0, 2);
    a.ask(2, 1);
    const auto late = fleet.sql(
        "SELECT standing FROM outpost_private.limits_exchange((SELECT id FROM outpost_private.node "
        "WHERE name = 'a'), 2, ARRAY['direct'], ARRAY['big.example'], ARRAY[0], ARRAY[0], ARRAY[6])"
    );
    CHECK(late.at(0).text(0) == "unpublished");
    CHECK(fleet.held() == 3);
}

TEST_CASE("limits: nodes that take and give back at the same time never hold more than the limit") {
    Fleet fleet;
    LimitedNode first(fleet.settings, "n0");
    first.publish();
    std::vector<std::unique_ptr<LimitedNode>> nodes;
    for (int i = 1; i < 4; ++i)
        nodes.push_back(fleet.join("n" + std::to_string(i)));
    std::atomic<int> held{0}, most{0};
    const LimitKey other{"direct", "other.example"};
    const auto churn = [&](LimitedNode& node, unsigned seed) {
        std::size_t mine = 0;
        for (int i = 0; i < 60; ++i) {
            // In turn: first the release, then the database, as a node does.
            const auto keep = seed++ % 3 == 0 ? mine / 2 : mine;
            held -= static_cast<int>(mine - keep);
            const auto answer =
                node.run(node.limits.exchange({{other, 0, 1, 9}, {big, keep, 2, limit}}));
            mine = keep;
            for (const auto& grant : answer.grants) {
                if (grant.key == big) mine = grant.slots;
            }
            const int now = held += static_cast<int>(mine - keep);
            int before = most;
            while (now > before && !most.compare_exchange_weak(before, now)) {
            }
        }
    };
    std::vector<std::thread> threads;
    for (auto& node : nodes)
        threads.emplace_back(churn, std::ref(*node), threads.size());
    for (auto& thread : threads)
        thread.join();
    CHECK(most <= static_cast<int>(limit));
    CHECK(most > 0);
    CHECK(fleet.held() == held);
}

TEST_CASE("limits: messages in an interval are counted for all nodes, whoever lets them go") {
    Fleet fleet;
    LimitedNode a(fleet.settings, "a");
    const auto b = fleet.join("b");
    const delivery::Rate rate{100, 60s};
    std::size_t gone = 0;
    for (int i = 0; i < 15; ++i)
        gone += a.let_go(1000, rate) + b->let_go(1000, rate);
    CHECK(gone == 100);
    CHECK(b->let_go(1, rate) == 0);
    CHECK(b->retry > 59s);
    CHECK(b->retry < 64s);
    CHECK(fleet.number("SELECT messages FROM outpost.rates") == 100);
    // An interval later.
    fleet.sql("UPDATE outpost_private.limit_rate SET until = until - interval '65 seconds'");
    CHECK(a.let_go(3, rate) == 3);
    CHECK(fleet.number("SELECT messages FROM outpost.rates") == 3);
    CHECK(fleet.number("SELECT count(*) FROM outpost_private.limit_rate") == 1);
}

TEST_CASE("limits: a grant of messages is a small part of the rate, so that nodes take turns") {
    Fleet fleet;
    LimitedNode a(fleet.settings, "a");
    CHECK(a.let_go(1000, {200, 60s}) == 10);
    CHECK(a.let_go(4, {200, 60s}) == 4);
}
