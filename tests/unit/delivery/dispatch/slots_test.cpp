// SPDX-License-Identifier: Apache-2.0
#include "core/delivery/dispatch/slots.hpp"

#include <doctest/doctest.h>

#include <set>

#include "tests/unit/delivery/dispatch/fixtures.hpp"

using namespace outpost;
using namespace outpost::dispatch;
using namespace std::chrono_literals;
using queue::LimitKey;
using queue::SlotGrant;
using queue::SlotRequest;

namespace {

const LimitKey big{"direct", "big.example"};

struct World {
    Slots ours;
    SteadyTime now = SteadyClock::now();

    bool take(std::size_t slots, std::size_t waiting = 1, delivery::Rate rate = {}) {
        return ours.take(Need{big, {slots, rate}, waiting}, now);
    }
    /// What is asked for of the only key; none: there is nothing to ask.
    std::optional<SlotRequest> request() {
        const auto all = ours.requests(now, 100);
        REQUIRE(all.size() <= 1);
        return all.empty() ? std::nullopt : std::optional(all.front());
    }
    /// The database's answer to a request.
    std::vector<LimitKey> answer(
        const SlotRequest& asked, std::size_t slots, std::optional<std::size_t> ceiling = {}
    ) {
        return ours.granted({asked}, {{big, slots, ceiling}}, now);
    }
    /// Held of the only key.
    std::size_t held() {
        const auto all = ours.held();
        return all.empty() ? 0 : all.front().keep;
    }
};

}  // namespace

TEST_CASE("alone, a node counts up to the limit and asks nobody") {
    World world;
    CHECK_FALSE(world.take(2));  // before it knows that it is alone
    CHECK(world.ours.count_alone() == std::vector{big});
    CHECK(world.take(2));
    CHECK(world.take(2));
    CHECK_FALSE(world.take(2));
    CHECK_FALSE(world.request());
    world.ours.give(big, world.now);
    CHECK(world.take(2));
    world.ours.give(big, world.now);
    world.ours.give(big, world.now);
    CHECK(world.ours.size() == 0);
}

TEST_CASE("when another node comes, what is in use is what is held, and more must be granted") {
    World world;
    world.ours.count_alone();
    world.take(5);
    world.take(5);
    world.ours.share();
    CHECK(world.held() == 2);
    CHECK_FALSE(world.take(5, 7));
    CHECK(world.ours.take_change());
    const auto asked = world.request();
    REQUIRE(asked);
    CHECK(asked->keep == 2);
    CHECK(asked->want == 3);  // no more than the limit has
    CHECK(asked->limit == 5);
    CHECK(world.answer(*asked, 4) == std::vector{big});
    CHECK(world.take(5));
    CHECK(world.take(5));
    CHECK_FALSE(world.take(5));
}

TEST_CASE("what the database may not have heard is said again") {
    World world;
    world.take(5, 2);
    const auto asked = world.request();  // its answer is lost
    const auto again = world.request();
    REQUIRE(again);
    CHECK(again->want == asked->want);
    world.answer(*again, 2);
    CHECK_FALSE(world.request());
}

TEST_CASE("unused slots are kept for a while, then given back; those in use stay") {
    World world;
    world.take(5, 4);
    world.answer(*world.request(), 4);
    world.take(5);
    world.now += Slots::linger / 2;
    CHECK_FALSE(world.request());
    // The first pause may have begun with the grant, so it takes two to be sure that it was unused.
    std::optional<SlotRequest> last;
    for (int i = 0; i < 3; ++i) {
        world.now += Slots::linger;
        if (const auto asked = world.request()) {
            last = asked;
            world.answer(*asked, asked->keep);
        }
    }
    REQUIRE(last);
    CHECK(last->keep == 1);
    CHECK(world.held() == 1);
    world.ours.give(big, world.now);
    for (int i = 0; i < 2; ++i) {
        world.now += Slots::linger;
        if (const auto asked = world.request()) world.answer(*asked, asked->keep);
    }
    CHECK(world.ours.size() == 0);
}

TEST_CASE("where others wait with less than their share, slots are given up as deliveries end") {
    World world;
    world.take(4, 4);
    world.answer(*world.request(), 4);
    for (int i = 0; i < 4; ++i)
        REQUIRE(world.take(4));
    world.ours.take_change();
    // An exchange about other keys brings the news.
    world.ours.granted({}, {{big, 4, 2}}, world.now);
    CHECK_FALSE(world.ours.take_change());
    CHECK_FALSE(world.request());
    world.ours.give(big, world.now);
    CHECK(world.ours.take_change());
    CHECK_FALSE(world.take(4));
    CHECK(world.request()->keep == 3);
    CHECK(world.held() == 3);
    world.ours.give(big, world.now);
    world.ours.give(big, world.now);
    CHECK(world.take(4));
    const auto asked = world.request();
    REQUIRE(asked);
    CHECK(asked->keep == 2);
    world.answer(*asked, 2);  // nobody waits any more
    CHECK_FALSE(world.take(4));
}

TEST_CASE("with fewer slots than nodes a slot is given up, but not before the turn is over") {
    World world;
    world.take(1);
    world.answer(*world.request(), 1);
    REQUIRE(world.take(1));
    world.ours.granted({}, {{big, 1, 0}}, world.now);
    world.ours.give(big, world.now);
    CHECK(world.take(1));
    world.ours.give(big, world.now);
    world.now += Slots::turn;
    CHECK_FALSE(world.take(1));
    const auto asked = world.request();
    REQUIRE(asked);
    CHECK(asked->keep == 0);
    CHECK(asked->want == 1);  // it waits for its next turn
}

TEST_CASE("a destination that may have no more does not cost the transport a slot") {
    World world;
    world.ours.count_alone();
    const Need transport{LimitKey::whole("direct"), {10, {}}};
    const Need destination{big, {1, {}}};
    using Lacking = Slots::Lacking;
    CHECK(world.ours.take(destination, transport, world.now) == Lacking::nothing);
    for (int i = 0; i < 20; ++i)
        CHECK(world.ours.take(destination, transport, world.now) == Lacking::destination);
    const Need other{{"direct", "other.example"}, {1, {}}};
    CHECK(world.ours.take(other, transport, world.now) == Lacking::nothing);
    const Need full{LimitKey::whole("direct"), {2, {}}};
    const Need third{{"direct", "third.example"}, {1, {}}};
    CHECK(world.ours.take(third, full, world.now) == Lacking::transport);
}

TEST_CASE("messages of a limited rate are asked for in any case, and what is granted expires") {
    const delivery::Rate rate{100, 60s};
    World world;
    world.ours.count_alone();
    CHECK_FALSE(world.take(10, 3, rate));
    CHECK(world.ours.take_change());
    const auto asked = world.ours.message_requests(world.now, 100);
    REQUIRE(asked.size() == 1);
    CHECK(asked.front().want == 3);
    CHECK(asked.front().rate == rate);
    SUBCASE("granted") {
        CHECK(
            world.ours.messages_granted(asked, {{big, 2, 0ms}}, world.now, world.now) ==
            std::vector{big}
        );
        CHECK(world.take(10, 3, rate));
        SUBCASE("all used") {
            CHECK(world.take(10, 3, rate));
            CHECK_FALSE(world.take(10, 3, rate));
        }
        SUBCASE("too late") {
            world.now += queue::use_within(rate);
            CHECK_FALSE(world.take(10, 3, rate));
        }
    }
    SUBCASE("none for now") {
        CHECK(world.ours.messages_granted(asked, {{big, 0, 7s}}, world.now, world.now).empty());
        CHECK(world.ours.next_pause() == world.now + 7s);
        CHECK_FALSE(world.take(10, 3, rate));
        CHECK(world.ours.message_requests(world.now, 100).empty());
        world.now += 7s;
        CHECK(world.ours.pauses_over(world.now) == std::vector{big});
        CHECK_FALSE(world.take(10, 3, rate));
        CHECK(world.ours.message_requests(world.now, 100).size() == 1);
    }
}

TEST_CASE("with more keys than one exchange takes, all are served in turn") {
    World world;
    for (const auto* domain : {"a", "b", "c", "d", "e"})
        world.ours.take(Need{{"direct", domain}, {3, {}}}, world.now);
    std::set<std::string> asked;
    for (int i = 0; i < 3; ++i) {
        const auto some = world.ours.requests(world.now, 2);
        CHECK(some.size() == 2);
        for (const auto& one : some)
            asked.insert(one.key.destination);
    }
    CHECK(asked.size() == 5);
}

TEST_CASE("a fallback waits for its slot: for one that is given back, or granted from outside") {
    asio::io_context loop;
    World world;
    const LimitKey relay = LimitKey::whole("relay");
    std::vector<Slots::Slot> got;
    int gave_up = 0;
    const auto want = [&](Deadline deadline) {
        const auto run = [](Slots& from, LimitKey key, Deadline until, auto& got,
                            int& gave_up) -> awaitable<void> {
            auto slot = co_await from.wait(Need{std::move(key), {1, {}}}, until);
            if (slot)
                got.push_back(std::move(slot));
            else
                ++gave_up;
        };
        asio::co_spawn(
            loop, run(world.ours, relay, deadline, got, gave_up), [](std::exception_ptr) {}
        );
    };
    const auto poll = [&] {
        loop.restart();
        loop.poll();
    };
    world.ours.count_alone();
    SUBCASE("given back") {
        want({});
        want({});
        want(Deadline::in(-1s));
        poll();
        CHECK(got.size() == 1);
        CHECK(gave_up == 1);
        got.clear();
        poll();
        CHECK(got.size() == 1);
        got.clear();
        CHECK(world.ours.size() == 0);
    }
    SUBCASE("granted") {
        world.ours.share();
        want({});
        poll();
        CHECK(got.empty());
        const auto asked = world.ours.requests(world.now, 100);
        REQUIRE(asked.size() == 1);
        CHECK(asked.front().key == relay);
        CHECK(asked.front().want == 1);
        world.ours.granted(asked, {{relay, 1, {}}}, world.now);
        world.ours.offer();
        poll();
        CHECK(got.size() == 1);
    }
}
