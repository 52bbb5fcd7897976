// SPDX-License-Identifier: Apache-2.0
#include "core/delivery/dispatch/bodies.hpp"

#include <doctest/doctest.h>

#include "tests/support/memory_queue_store.hpp"
#include "tests/support/run.hpp"
#include "tests/unit/delivery/dispatch/fixtures.hpp"

using namespace outpost;
using dispatch::Bodies;
using namespace std::chrono_literals;

namespace {

struct World {
    test::MemoryQueueStore store;
    Bodies bodies{store, 1 << 20};
    asio::io_context loop;
    std::weak_ptr<const mail::Content> watched;

    /// A message whose body is in memory, and only there.
    dispatch::MessagePtr fresh(std::int64_t id = 1) {
        auto message = test::message(id);
        const auto content = std::make_shared<const mail::Content>(
            "TLS-Report-Domain: example.org\r\n\r\n", std::vector<std::string>{"hello\r\n"}
        );
        watched = content;
        message->body = content;
        return message;
    }
    MessageId stored() {
        queue::NewMessage made;
        made.id = MessageId{7};
        made.mail_from = test::address("alice@sender.example");
        made.content = std::make_shared<const mail::Content>(
            "Subject: x\r\n\r\n", std::vector<std::string>{"stored\r\n"}
        );
        return test::run(loop, store.enqueue(std::move(made))).id;
    }
};

}  // namespace

TEST_CASE("content is let go that has been held for long, and no other") {
    World world;
    const SteadyTime start{};
    const auto [first, first_body] = world.bodies.begin_late(world.fresh(1), start);
    const auto first_content = world.watched;
    const auto [second, second_body] = world.bodies.begin_late(world.fresh(2), start + 1s);
    const auto second_content = world.watched;
    world.bodies.let_go(start - 1s);
    CHECK(first_content.lock());
    world.bodies.let_go(start);
    CHECK_FALSE(first_content.lock());
    CHECK(second_content.lock());
    world.bodies.let_go(start + 1min);
    CHECK_FALSE(second_content.lock());
}

TEST_CASE("who uses content keeps it when it is let go, and nobody has it once a delivery is over"
) {
    World world;
    auto [message, body] = world.bodies.begin_late(world.fresh(), {});
    CHECK_FALSE(message->body.held());
    auto used = test::run(world.loop, message->body.get());
    world.bodies.let_go({});
    CHECK(world.watched.lock());
    used.reset();
    CHECK_FALSE(world.watched.lock());

    std::tie(message, body) = world.bodies.begin_late(world.fresh(), {});
    message.reset();
    body.reset();
    CHECK_FALSE(world.watched.lock());
}

TEST_CASE("what was let go is read again, within the budget, and what it was stays known") {
    World world;
    auto without = test::message(to_number(world.stored()));
    without->body = delivery::BodyHandle(20);
    const auto [message, body] = world.bodies.begin_late(without, {});
    CHECK(message->body.size() == 20);
    CHECK_FALSE(body->is_tls_report().has_value());
    auto content = test::run(world.loop, message->body.get());
    REQUIRE(content);
    CHECK(content->header() == "Subject: x\r\n\r\n");
    CHECK(world.store.loads() == 1);
    CHECK(world.bodies.used() == 20);
    CHECK(body->is_tls_report() == false);
    content.reset();
    CHECK(world.bodies.used() == 0);
    CHECK_FALSE(body->failed());

    const auto [report, report_body] = world.bodies.begin_late(world.fresh(), {});
    CHECK(report_body->is_tls_report() == true);
    CHECK(test::run(world.loop, report->body.get()));
    world.bodies.let_go({});
    CHECK(report_body->is_tls_report() == true);
}

TEST_CASE("a body that cannot be had is nobody's failure but ours") {
    World world;
    const auto [gone, body] = world.bodies.begin_late(test::message(99), {});
    CHECK_FALSE(test::run(world.loop, gone->body.get()));
    CHECK(body->failed());
    world.store.fail_with(std::make_exception_ptr(std::runtime_error("no database")));
    const auto [away, other] = world.bodies.begin_late(test::message(99), {});
    CHECK_FALSE(test::run(world.loop, away->body.get()));
    CHECK(other->failed());
    CHECK(world.bodies.used() == 0);
}
