// SPDX-License-Identifier: Apache-2.0
#include "core/delivery/dispatch/destination_queues.hpp"

#include <doctest/doctest.h>

#include "tests/unit/delivery/dispatch/fixtures.hpp"

using namespace outpost;
using namespace outpost::dispatch;
using namespace std::chrono_literals;

namespace {

struct World {
    Settings settings;
    Slots slots;
    std::shared_ptr<Snapshot> snapshot = std::make_shared<Snapshot>();
    std::shared_ptr<const route::Decision> decision = std::make_shared<route::Decision>();
    SteadyTime now = SteadyClock::now();
    std::int64_t next_message = 1;

    World() { slots.count_alone(); }

    DeliveryRequest request(const std::string& transport, const std::string& domain) {
        DeliveryRequest made{{transport, domain}, snapshot, decision, {}};
        made.claims.push_back(test::claimed(test::message(next_message++), 1, "bob@" + domain));
        return made;
    }
};

std::string domain_of(const std::optional<DeliveryRequest>& request) {
    return request ? request->destination.next_hop : "none";
}

}  // namespace

TEST_CASE("queues take turns, however much one of them holds") {
    World world;
    DestinationQueues queues(world.settings, world.slots);
    for (int i = 0; i < 3; ++i) {
        auto big = world.request("direct", "big.example");
        REQUIRE(queues.admit(big, world.now) == DestinationQueues::Admission::waiting);
    }
    auto small = world.request("direct", "small.example");
    REQUIRE(queues.admit(small, world.now) == DestinationQueues::Admission::waiting);

    CHECK(domain_of(queues.next(world.now)) == "big.example");
    CHECK(domain_of(queues.next(world.now)) == "small.example");
    CHECK(domain_of(queues.next(world.now)) == "big.example");
    CHECK(domain_of(queues.next(world.now)) == "big.example");
    CHECK(domain_of(queues.next(world.now)) == "none");
    CHECK(queues.waiting_recipients() == 0);
}

TEST_CASE("what waits can be changed where it stands") {
    World world;
    DestinationQueues queues(world.settings, world.slots);
    auto first = world.request("direct", "a.example"), second = world.request("relay", "b.example");
    REQUIRE(queues.admit(first, world.now) == DestinationQueues::Admission::waiting);
    REQUIRE(queues.admit(second, world.now) == DestinationQueues::Admission::waiting);
    queues.for_each_waiting([](DeliveryRequest& request) { request.claims.front().attempts = 9; });
    for (int i = 0; i < 2; ++i)
        CHECK(queues.next(world.now)->claims.front().attempts == 9);
}

TEST_CASE("a destination has no more deliveries at once than its limit, and the others go on") {
    World world;
    world.settings.per_destination = 2;
    DestinationQueues queues(world.settings, world.slots);
    for (int i = 0; i < 4; ++i) {
        auto slow = world.request("direct", "slow.example");
        queues.admit(slow, world.now);
    }
    const auto first = queues.next(world.now);
    queues.next(world.now);
    CHECK(domain_of(queues.next(world.now)) == "none");
    auto other = world.request("direct", "other.example");
    queues.admit(other, world.now);
    CHECK(domain_of(queues.next(world.now)) == "other.example");
    queues.finished(first->destination, std::nullopt, world.now);
    CHECK(domain_of(queues.next(world.now)) == "slow.example");
    CHECK(domain_of(queues.next(world.now)) == "none");
}

TEST_CASE("a destination may have limits of its own") {
    World world;
    world.settings.per_destination = 5;
    world.settings.destinations["small.example"] = {1, {}};
    DestinationQueues queues(world.settings, world.slots);
    for (int i = 0; i < 3; ++i) {
        auto request = world.request("direct", "small.example");
        queues.admit(request, world.now);
    }
    CHECK(domain_of(queues.next(world.now)) == "small.example");
    CHECK(domain_of(queues.next(world.now)) == "none");
    queues.finished({"direct", "small.example"}, std::nullopt, world.now);
    CHECK(domain_of(queues.next(world.now)) == "small.example");
}

TEST_CASE("a destination that waits for slots that other nodes hold holds up no other destination"
) {
    World world;
    world.slots.share();
    world.settings.per_destination = 3;
    DestinationQueues queues(world.settings, world.slots);
    const auto grant = [&](const queue::LimitKey& key, std::size_t slots) {
        const auto asked = world.slots.requests(world.now, 100);
        queues.resume(world.slots.granted(asked, {{key, slots, std::nullopt}}, world.now));
    };
    for (const auto* domain : {"a.example", "a.example", "b.example"}) {
        auto request = world.request("direct", domain);
        queues.admit(request, world.now);
    }
    CHECK(domain_of(queues.next(world.now)) == "none");
    grant(queue::LimitKey::whole("direct"), 10);
    CHECK(domain_of(queues.next(world.now)) == "none");
    grant({"direct", "b.example"}, 1);
    CHECK(domain_of(queues.next(world.now)) == "b.example");
    CHECK(domain_of(queues.next(world.now)) == "none");
    grant({"direct", "a.example"}, 1);
    CHECK(domain_of(queues.next(world.now)) == "a.example");
    CHECK(domain_of(queues.next(world.now)) == "none");
    queues.finished({"direct", "a.example"}, std::nullopt, world.now);
    CHECK(domain_of(queues.next(world.now)) == "a.example");
}

TEST_CASE("where few messages may go, few wait on this node, and others go on") {
    World world;
    world.settings.destinations["slow.example"] = {0, {2, 60s}};
    DestinationQueues queues(world.settings, world.slots);
    const auto admit = [&](const std::string& domain) {
        auto request = world.request("direct", domain);
        return queues.admit(request, world.now);
    };
    for (int i = 0; i < 4; ++i)
        CHECK(admit("slow.example") == DestinationQueues::Admission::waiting);
    CHECK(admit("slow.example") == DestinationQueues::Admission::full);
    CHECK(queues.saturated() == std::vector<std::string>{"slow.example"});
    CHECK(admit("fast.example") == DestinationQueues::Admission::waiting);
    CHECK(domain_of(queues.next(world.now)) == "fast.example");
    CHECK(domain_of(queues.next(world.now)) == "none");
    const auto asked = world.slots.message_requests(world.now, 100);
    REQUIRE(asked.size() == 1);
    queues.resume(
        world.slots.messages_granted(asked, {{asked.front().key, 1, 0ms}}, world.now, world.now)
    );
    CHECK(domain_of(queues.next(world.now)) == "slow.example");
    CHECK(domain_of(queues.next(world.now)) == "none");
}

TEST_CASE("a transport at its limit does not hold up another transport") {
    World world;
    world.snapshot->transports["direct"] = {std::make_shared<test::FakeTransport>(), 1, {}};
    DestinationQueues queues(world.settings, world.slots);
    for (const auto* domain : {"a.example", "b.example"}) {
        auto request = world.request("direct", domain);
        queues.admit(request, world.now);
    }
    auto relay = world.request("relay", "c.example");
    queues.admit(relay, world.now);
    CHECK(domain_of(queues.next(world.now)) == "a.example");
    CHECK(domain_of(queues.next(world.now)) == "c.example");
    CHECK(domain_of(queues.next(world.now)) == "none");
    queues.finished({"direct", "a.example"}, std::nullopt, world.now);
    CHECK(domain_of(queues.next(world.now)) == "b.example");
}

TEST_CASE("a destination found dead rests, then is probed by one delivery at a time") {
    World world;
    world.settings.unreachable_before_rest = 2;
    world.settings.rest = 60s;
    DestinationQueues queues(world.settings, world.slots);
    const auto admit = [&] {
        auto request = world.request("direct", "dead.example");
        return queues.admit(request, world.now);
    };
    for (int i = 0; i < 5; ++i)
        CHECK(admit() == DestinationQueues::Admission::waiting);
    const auto first = queues.next(world.now);
    const auto second = queues.next(world.now);
    CHECK(queues.finished(first->destination, "connection refused", world.now).empty());
    CHECK(queues.finished(second->destination, "no route to host", world.now).size() == 3);
    CHECK(queues.waiting_recipients() == 0);
    CHECK(admit() == DestinationQueues::Admission::backed_off);
    CHECK(queues.backed_off_reason({"direct", "dead.example"}) == "no route to host");

    world.now += 61s;
    CHECK(admit() == DestinationQueues::Admission::waiting);
    CHECK(admit() == DestinationQueues::Admission::waiting);
    const auto probe = queues.next(world.now);
    CHECK(domain_of(probe) == "dead.example");
    CHECK(domain_of(queues.next(world.now)) == "none");
    SUBCASE("still dead: it backs off anew") {
        CHECK(queues.finished(probe->destination, "connection refused", world.now).size() == 1);
        CHECK(admit() == DestinationQueues::Admission::backed_off);
    }
    SUBCASE("alive: all may go again") {
        CHECK(queues.finished(probe->destination, std::nullopt, world.now).empty());
        CHECK(admit() == DestinationQueues::Admission::waiting);
        CHECK(domain_of(queues.next(world.now)) == "dead.example");
        CHECK(domain_of(queues.next(world.now)) == "dead.example");
    }
}

TEST_CASE("failures that are not in a row do not make it back off") {
    World world;
    world.settings.unreachable_before_rest = 2;
    DestinationQueues queues(world.settings, world.slots);
    for (const auto& unreachable :
         {std::optional<std::string>("refused"), std::optional<std::string>(),
          std::optional<std::string>("refused")}) {
        auto request = world.request("direct", "shaky.example");
        REQUIRE(queues.admit(request, world.now) == DestinationQueues::Admission::waiting);
        const auto started = queues.next(world.now);
        CHECK(queues.finished(started->destination, unreachable, world.now).empty());
    }
}

TEST_CASE("a crowded destination is named to the claim, and a full one takes no more") {
    World world;
    world.settings.waiting_per_destination = 4;
    DestinationQueues queues(world.settings, world.slots);
    const auto admit = [&](const std::string& domain) {
        auto request = world.request("relay", domain);
        request.destination.next_hop.clear();  // one next hop for all
        return queues.admit(request, world.now);
    };
    admit("a.example");
    CHECK(queues.saturated().empty());
    admit("b.example");
    CHECK(queues.saturated() == std::vector<std::string>{"a.example", "b.example"});
    admit("a.example");
    CHECK(admit("c.example") == DestinationQueues::Admission::waiting);
    CHECK(admit("d.example") == DestinationQueues::Admission::full);
    for (int i = 0; i < 3; ++i)
        queues.next(world.now);
    CHECK(queues.saturated().empty());
}

TEST_CASE("idle destinations are forgotten, and so is the memory of a dead one in the end") {
    World world;
    world.settings.unreachable_before_rest = 1;
    world.settings.rest = 60s;
    DestinationQueues queues(world.settings, world.slots);
    for (const auto* domain : {"fine.example", "dead.example"}) {
        auto request = world.request("direct", domain);
        queues.admit(request, world.now);
        const auto started = queues.next(world.now);
        const bool dead = started->destination.next_hop == "dead.example";
        queues.finished(
            started->destination, dead ? std::optional<std::string>("refused") : std::nullopt,
            world.now
        );
    }
    queues.sweep(world.now);
    CHECK(queues.destination_count() == 1);
    queues.sweep(world.now + 11min);
    CHECK(queues.destination_count() == 0);
}

TEST_CASE("clear takes out everything that waits") {
    World world;
    DestinationQueues queues(world.settings, world.slots);
    for (const auto* domain : {"a.example", "b.example"}) {
        auto request = world.request("direct", domain);
        queues.admit(request, world.now);
    }
    CHECK(queues.clear().size() == 2);
    CHECK(queues.waiting_recipients() == 0);
    CHECK(domain_of(queues.next(world.now)) == "none");
}

TEST_CASE("what a full queue has no place for comes back when half of it is likely to have gone") {
    World world;
    world.settings.waiting_per_destination = 1000;
    DestinationQueues queues(world.settings, world.slots);
    const DestinationKey key{"direct", "busy.example"};
    CHECK(queues.place_in(key) == 5s);  // nothing is known of it
    const auto fill = [&] {
        while (true) {
            auto request = world.request("direct", "busy.example");
            if (queues.admit(request, world.now) == DestinationQueues::Admission::full) break;
        }
    };
    const auto deliver = [&](int count, std::chrono::milliseconds each) {
        for (int n = 0; n < count; ++n) {
            REQUIRE(queues.next(world.now));
            world.now += each;
            queues.finished(key, std::nullopt, world.now);
        }
        fill();
    };
    fill();
    CHECK(queues.place_in(key) == 5s);  // no delivery has ended yet
    deliver(300, 2ms);
    CHECK(queues.place_in(key) >= 900ms);
    CHECK(queues.place_in(key) <= 1100ms);
    deliver(500, 100ms);
    CHECK(queues.place_in(key) == 5s);
    deliver(900, 0ms);
    CHECK(queues.place_in(key) == 250ms);
}
