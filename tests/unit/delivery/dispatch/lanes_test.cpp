// SPDX-License-Identifier: Apache-2.0
#include "core/delivery/dispatch/lanes.hpp"

#include <doctest/doctest.h>

#include "tests/unit/delivery/dispatch/fixtures.hpp"

using namespace outpost;
using namespace outpost::dispatch;
using namespace std::chrono_literals;

namespace {

struct World {
    Settings settings;
    Allowances slots;
    std::shared_ptr<Snapshot> snapshot = std::make_shared<Snapshot>();
    std::shared_ptr<const route::Decision> decision = std::make_shared<route::Decision>();
    SteadyTime now = SteadyClock::now();
    std::int64_t next_message = 1;

    World() { slots.count_alone(); }

    Parcel parcel(const std::string& transport, const std::string& domain) {
        Parcel made{{transport, domain}, snapshot, decision, {}};
        made.claims.push_back(test::claimed(test::message(next_message++), 1, "bob@" + domain));
        return made;
    }
};

std::string domain_of(const std::optional<Parcel>& parcel) {
    return parcel ? parcel->lane.next_hop : "none";
}

}  // namespace

TEST_CASE("lanes take turns, however much one of them holds") {
    World world;
    Lanes lanes(world.settings, world.slots);
    for (int i = 0; i < 3; ++i) {
        auto big = world.parcel("direct", "big.example");
        REQUIRE(lanes.admit(big, world.now) == Lanes::Admission::waiting);
    }
    auto small = world.parcel("direct", "small.example");
    REQUIRE(lanes.admit(small, world.now) == Lanes::Admission::waiting);

    CHECK(domain_of(lanes.next(world.now)) == "big.example");
    CHECK(domain_of(lanes.next(world.now)) == "small.example");
    CHECK(domain_of(lanes.next(world.now)) == "big.example");
    CHECK(domain_of(lanes.next(world.now)) == "big.example");
    CHECK(domain_of(lanes.next(world.now)) == "none");
    CHECK(lanes.waiting_recipients() == 0);
}

TEST_CASE("what waits can be changed where it stands") {
    World world;
    Lanes lanes(world.settings, world.slots);
    auto first = world.parcel("direct", "a.example"), second = world.parcel("relay", "b.example");
    REQUIRE(lanes.admit(first, world.now) == Lanes::Admission::waiting);
    REQUIRE(lanes.admit(second, world.now) == Lanes::Admission::waiting);
    lanes.for_each_waiting([](Parcel& parcel) { parcel.claims.front().attempts = 9; });
    for (int i = 0; i < 2; ++i)
        CHECK(lanes.next(world.now)->claims.front().attempts == 9);
}

TEST_CASE("a destination has no more deliveries at once than its limit, and the others go on") {
    World world;
    world.settings.per_destination = 2;
    Lanes lanes(world.settings, world.slots);
    for (int i = 0; i < 4; ++i) {
        auto slow = world.parcel("direct", "slow.example");
        lanes.admit(slow, world.now);
    }
    const auto first = lanes.next(world.now);
    lanes.next(world.now);
    CHECK(domain_of(lanes.next(world.now)) == "none");
    auto other = world.parcel("direct", "other.example");
    lanes.admit(other, world.now);
    CHECK(domain_of(lanes.next(world.now)) == "other.example");
    lanes.finished(first->lane, std::nullopt, world.now);
    CHECK(domain_of(lanes.next(world.now)) == "slow.example");
    CHECK(domain_of(lanes.next(world.now)) == "none");
}

TEST_CASE("a destination may have limits of its own") {
    World world;
    world.settings.per_destination = 5;
    world.settings.destinations["small.example"] = {1, {}};
    Lanes lanes(world.settings, world.slots);
    for (int i = 0; i < 3; ++i) {
        auto parcel = world.parcel("direct", "small.example");
        lanes.admit(parcel, world.now);
    }
    CHECK(domain_of(lanes.next(world.now)) == "small.example");
    CHECK(domain_of(lanes.next(world.now)) == "none");
    lanes.finished({"direct", "small.example"}, std::nullopt, world.now);
    CHECK(domain_of(lanes.next(world.now)) == "small.example");
}

TEST_CASE("a lane that waits for slots that other nodes hold holds up no other lane") {
    World world;
    world.slots.share();
    world.settings.per_destination = 3;
    Lanes lanes(world.settings, world.slots);
    const auto grant = [&](const queue::LimitKey& key, std::size_t slots) {
        const auto asked = world.slots.requests(world.now, 100);
        lanes.resume(world.slots.granted(asked, {{key, slots, std::nullopt}}, world.now));
    };
    for (const auto* domain : {"a.example", "a.example", "b.example"}) {
        auto parcel = world.parcel("direct", domain);
        lanes.admit(parcel, world.now);
    }
    CHECK(domain_of(lanes.next(world.now)) == "none");
    grant(queue::LimitKey::whole("direct"), 10);
    CHECK(domain_of(lanes.next(world.now)) == "none");
    grant({"direct", "b.example"}, 1);
    CHECK(domain_of(lanes.next(world.now)) == "b.example");
    CHECK(domain_of(lanes.next(world.now)) == "none");
    grant({"direct", "a.example"}, 1);
    CHECK(domain_of(lanes.next(world.now)) == "a.example");
    CHECK(domain_of(lanes.next(world.now)) == "none");
    lanes.finished({"direct", "a.example"}, std::nullopt, world.now);
    CHECK(domain_of(lanes.next(world.now)) == "a.example");
}

TEST_CASE("where few messages may go, few wait on this node, and others go on") {
    World world;
    world.settings.destinations["slow.example"] = {0, {2, 60s}};
    Lanes lanes(world.settings, world.slots);
    const auto admit = [&](const std::string& domain) {
        auto parcel = world.parcel("direct", domain);
        return lanes.admit(parcel, world.now);
    };
    for (int i = 0; i < 4; ++i)
        CHECK(admit("slow.example") == Lanes::Admission::waiting);
    CHECK(admit("slow.example") == Lanes::Admission::full);
    CHECK(lanes.saturated() == std::vector<std::string>{"slow.example"});
    CHECK(admit("fast.example") == Lanes::Admission::waiting);
    CHECK(domain_of(lanes.next(world.now)) == "fast.example");
    CHECK(domain_of(lanes.next(world.now)) == "none");
    const auto asked = world.slots.message_requests(world.now, 100);
    REQUIRE(asked.size() == 1);
    lanes.resume(
        world.slots.messages_granted(asked, {{asked.front().key, 1, 0ms}}, world.now, world.now)
    );
    CHECK(domain_of(lanes.next(world.now)) == "slow.example");
    CHECK(domain_of(lanes.next(world.now)) == "none");
}

TEST_CASE("a transport at its limit does not hold up another transport") {
    World world;
    world.snapshot->transports["direct"] = {std::make_shared<test::FakeTransport>(), 1, {}};
    Lanes lanes(world.settings, world.slots);
    for (const auto* domain : {"a.example", "b.example"}) {
        auto parcel = world.parcel("direct", domain);
        lanes.admit(parcel, world.now);
    }
    auto relay = world.parcel("relay", "c.example");
    lanes.admit(relay, world.now);
    CHECK(domain_of(lanes.next(world.now)) == "a.example");
    CHECK(domain_of(lanes.next(world.now)) == "c.example");
    CHECK(domain_of(lanes.next(world.now)) == "none");
    lanes.finished({"direct", "a.example"}, std::nullopt, world.now);
    CHECK(domain_of(lanes.next(world.now)) == "b.example");
}

TEST_CASE("a destination found dead rests, then is probed by one delivery at a time") {
    World world;
    world.settings.unreachable_before_rest = 2;
    world.settings.rest = 60s;
    Lanes lanes(world.settings, world.slots);
    const auto admit = [&] {
        auto parcel = world.parcel("direct", "dead.example");
        return lanes.admit(parcel, world.now);
    };
    for (int i = 0; i < 5; ++i)
        CHECK(admit() == Lanes::Admission::waiting);
    const auto first = lanes.next(world.now);
    const auto second = lanes.next(world.now);
    CHECK(lanes.finished(first->lane, "connection refused", world.now).empty());
    CHECK(lanes.finished(second->lane, "no route to host", world.now).size() == 3);
    CHECK(lanes.waiting_recipients() == 0);
    CHECK(admit() == Lanes::Admission::resting);
    CHECK(lanes.resting_reason({"direct", "dead.example"}) == "no route to host");

    world.now += 61s;
    CHECK(admit() == Lanes::Admission::waiting);
    CHECK(admit() == Lanes::Admission::waiting);
    const auto probe = lanes.next(world.now);
    CHECK(domain_of(probe) == "dead.example");
    CHECK(domain_of(lanes.next(world.now)) == "none");
    SUBCASE("still dead: the rest begins anew") {
        CHECK(lanes.finished(probe->lane, "connection refused", world.now).size() == 1);
        CHECK(admit() == Lanes::Admission::resting);
    }
    SUBCASE("alive: all may go again") {
        CHECK(lanes.finished(probe->lane, std::nullopt, world.now).empty());
        CHECK(admit() == Lanes::Admission::waiting);
        CHECK(domain_of(lanes.next(world.now)) == "dead.example");
        CHECK(domain_of(lanes.next(world.now)) == "dead.example");
    }
}

TEST_CASE("failures that are not in a row do not make a destination rest") {
    World world;
    world.settings.unreachable_before_rest = 2;
    Lanes lanes(world.settings, world.slots);
    for (const auto& unreachable :
         {std::optional<std::string>("refused"), std::optional<std::string>(),
          std::optional<std::string>("refused")}) {
        auto parcel = world.parcel("direct", "shaky.example");
        REQUIRE(lanes.admit(parcel, world.now) == Lanes::Admission::waiting);
        const auto started = lanes.next(world.now);
        CHECK(lanes.finished(started->lane, unreachable, world.now).empty());
    }
}

TEST_CASE("a crowded lane is named to the claim, and a full one takes no more") {
    World world;
    world.settings.waiting_per_destination = 4;
    Lanes lanes(world.settings, world.slots);
    const auto admit = [&](const std::string& domain) {
        auto parcel = world.parcel("relay", domain);
        parcel.lane.next_hop.clear();  // one next hop for all
        return lanes.admit(parcel, world.now);
    };
    admit("a.example");
    CHECK(lanes.saturated().empty());
    admit("b.example");
    CHECK(lanes.saturated() == std::vector<std::string>{"a.example", "b.example"});
    admit("a.example");
    CHECK(admit("c.example") == Lanes::Admission::waiting);
    CHECK(admit("d.example") == Lanes::Admission::full);
    for (int i = 0; i < 3; ++i)
        lanes.next(world.now);
    CHECK(lanes.saturated().empty());
}

TEST_CASE("idle lanes are forgotten, and so is the memory of a dead one in the end") {
    World world;
    world.settings.unreachable_before_rest = 1;
    world.settings.rest = 60s;
    Lanes lanes(world.settings, world.slots);
    for (const auto* domain : {"fine.example", "dead.example"}) {
        auto parcel = world.parcel("direct", domain);
        lanes.admit(parcel, world.now);
        const auto started = lanes.next(world.now);
        const bool dead = started->lane.next_hop == "dead.example";
        lanes.finished(
            started->lane, dead ? std::optional<std::string>("refused") : std::nullopt, world.now
        );
    }
    lanes.sweep(world.now);
    CHECK(lanes.lane_count() == 1);
    lanes.sweep(world.now + 11min);
    CHECK(lanes.lane_count() == 0);
}

TEST_CASE("clear takes out everything that waits") {
    World world;
    Lanes lanes(world.settings, world.slots);
    for (const auto* domain : {"a.example", "b.example"}) {
        auto parcel = world.parcel("direct", domain);
        lanes.admit(parcel, world.now);
    }
    CHECK(lanes.clear().size() == 2);
    CHECK(lanes.waiting_recipients() == 0);
    CHECK(domain_of(lanes.next(world.now)) == "none");
}

TEST_CASE("what a full lane has no place for comes back when half of it is likely to have gone") {
    World world;
    world.settings.waiting_per_destination = 1000;
    Lanes lanes(world.settings, world.slots);
    const LaneKey key{"direct", "busy.example"};
    CHECK(lanes.place_in(key) == 5s);  // nothing is known of it
    const auto fill = [&] {
        while (true) {
            auto parcel = world.parcel("direct", "busy.example");
            if (lanes.admit(parcel, world.now) == Lanes::Admission::full) break;
        }
    };
    const auto deliver = [&](int count, std::chrono::milliseconds each) {
        for (int n = 0; n < count; ++n) {
            REQUIRE(lanes.next(world.now));
            world.now += each;
            lanes.finished(key, std::nullopt, world.now);
        }
        fill();
    };
    fill();
    CHECK(lanes.place_in(key) == 5s);  // no delivery has ended yet
    deliver(300, 2ms);
    CHECK(lanes.place_in(key) >= 900ms);
    CHECK(lanes.place_in(key) <= 1100ms);
    deliver(500, 100ms);
    CHECK(lanes.place_in(key) == 5s);
    deliver(900, 0ms);
    CHECK(lanes.place_in(key) == 250ms);
}
