// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <atomic>
#include <functional>
#include <thread>

#include "core/delivery/queue/doubts.hpp"
#include "core/foundation/database/listener.hpp"
#include "tests/unit/delivery/queue/queue_lab.hpp"

using namespace outpost;
using namespace outpost::test;
using namespace std::chrono_literals;

namespace {

/// As if the node had died long ago: the database sees its lease as run out.
void let_die(QueueDatabase& database, const QueueNode& node) {
    database.sql(
        "UPDATE outpost_private.node SET lease_until = now() - interval '1 second' WHERE id = " +
        std::to_string(to_number(node.node.id()))
    );
}

/// As if a transport had said how far it is with all that is leased.
void begin_deliveries(QueueDatabase& database) {
    database.sql("UPDATE outpost_private.recipient SET stage = 'rcpt' WHERE state = 'leased'");
}

int take_over(QueueDatabase& database) {
    return queue::take_over(database.session, 600s);
}

queue::Claimed claim_one(QueueNode& node) {
    auto claims = node.claim(1);
    REQUIRE(claims.size() == 1);
    return claims[0];
}

/// What a clock says that tests set.
std::atomic<Duration> passed{0s};

void make_due(QueueDatabase& database) {
    database.sql(
        "UPDATE outpost_private.recipient SET next_attempt_at = now() WHERE state = 'queued'"
    );
}

}  // namespace

TEST_CASE("a living node keeps its leases") {
    QueueDatabase database;
    QueueNode node(database.settings);
    node.enqueue(new_message({"a@a.example"}));
    claim_one(node);
    CHECK(take_over(database) == 0);
    CHECK(node.node.lease_is_safe());
    CHECK(database.text("SELECT state FROM outpost.nodes") == "alive");
    CHECK(database.number("SELECT in_flight FROM outpost.nodes") == 1);
}

TEST_CASE("what a dead node held: by stage and policy") {
    struct Case {
        const char* stage;
        const char* on_uncertain;
        const char* state;
        bool uncertain;
        bool due;
    };
    const Case cases[] = {
        {"", "resend", "queued", false, true},
        {"connect", "resend", "queued", false, true},
        {"data", "hold", "queued", false, true},
        {"final_dot", "resend", "queued", true, false},
        {"final_dot", "hold", "held", true, false},
        {"final_dot", "assume_delivered", "delivered", true, false},
    };
    QueueDatabase database;
    QueueNode node(database.settings);
    for (const Case& c : cases) {
        CAPTURE(std::string(c.stage));
        CAPTURE(std::string(c.on_uncertain));
        database.sql("TRUNCATE outpost_private.recipient, outpost_private.attempt");
        node.enqueue(new_message({"a@a.example"}));
        claim_one(node);
        database.sql(
            "UPDATE outpost_private.recipient SET stage = '" + std::string(c.stage) +
            "', on_uncertain = '" + c.on_uncertain + "'"
        );
        let_die(database, node);
        CHECK(take_over(database) == 1);
        CHECK(take_over(database) == 0);
        CHECK(database.recipient("state", "a@a.example") == c.state);
        CHECK(database.recipient("uncertain", "a@a.example") == (c.uncertain ? "true" : "false"));
        CHECK(
            database.recipient(
                "coalesce(next_attempt_at <= clock_timestamp(), false)", "a@a.example"
            ) == (c.due ? "true" : "false")
        );
        CHECK(
            database.recipient("hold_reason <> ''", "a@a.example") ==
            (std::string(c.state) == "held" ? "true" : "false")
        );
        CHECK(
            database.recipient("finished_at IS NOT NULL", "a@a.example") ==
            (std::string(c.state) == "delivered" ? "true" : "false")
        );
        CHECK(database.recipient("attempts", "a@a.example") == "1");
        CHECK(
            database.text(
                "SELECT concat_ws(' ', outcome, attempt, stage, node, config_version) FROM "
                "outpost.attempts"
            ) == "interrupted 1 " + std::string(*c.stage ? c.stage : "leased") + " n1 v1"
        );
    }
}

TEST_CASE(
    "a recipient whose node dies three times in a row is held; a recorded attempt between starts "
    "anew"
) {
    QueueDatabase database;
    QueueNode node(database.settings);
    node.enqueue(new_message({"a@a.example"}));
    const auto crash = [&] {
        make_due(database);
        claim_one(node);
        begin_deliveries(database);
        let_die(database, node);
        CHECK(take_over(database) == 1);
    };
    crash();
    crash();
    CHECK(database.recipient("crashes", "a@a.example") == "2");
    make_due(database);
    CHECK(node.settle(deferred(claim_one(node))));
    CHECK(database.recipient("crashes", "a@a.example") == "0");
    crash();
    crash();
    CHECK(database.recipient("state", "a@a.example") == "queued");
    crash();
    CHECK(database.recipient("state", "a@a.example") == "held");
    CHECK(database.recipient("hold_reason", "a@a.example").find("poison") == 0);
    CHECK(database.recipient("attempts", "a@a.example") == "6");
    CHECK(database.number("SELECT count(*) FROM outpost.attempts") == 6);
}

TEST_CASE("a node's death counts against those whose delivery had begun, and no others") {
    QueueDatabase database;
    QueueNode node(database.settings);
    node.enqueue(new_message({"begun@a.example", "waiting@a.example"}));
    for (int death = 1; death <= 3; ++death) {
        make_due(database);
        CHECK(node.claim().size() == 2);
        database.sql(
            "UPDATE outpost_private.recipient SET stage = 'data' WHERE address = 'begun@a.example'"
        );
        let_die(database, node);
        CHECK(take_over(database) == 2);
        CHECK(database.recipient("crashes", "begun@a.example") == std::to_string(death));
        CHECK(database.recipient("crashes", "waiting@a.example") == "0");
    }
    CHECK(database.recipient("state", "begun@a.example") == "held");
    CHECK(database.recipient("state", "waiting@a.example") == "queued");
    CHECK(
        database.recipient("last_reply", "waiting@a.example") == "node n1 died before the attempt"
    );
    database.sql("SELECT outpost.release(message_id) FROM outpost.queue WHERE state = 'held'");
    CHECK(database.recipient("state", "begun@a.example") == "queued");
    CHECK(database.recipient("crashes", "begun@a.example") == "0");
}

TEST_CASE("who waited is not held for crashes he survived earlier") {
    QueueDatabase database;
    QueueNode node(database.settings);
    node.enqueue(new_message({"a@a.example"}));
    claim_one(node);
    database.sql("UPDATE outpost_private.recipient SET crashes = 2");
    let_die(database, node);
    CHECK(take_over(database) == 1);
    CHECK(database.recipient("state || ' ' || crashes", "a@a.example") == "queued 2");
}

TEST_CASE("crashes of a plugin are counted with the outcome, and told to whoever claims next") {
    QueueDatabase database;
    QueueNode node(database.settings);
    node.enqueue(new_message({"a@a.example"}));
    queue::Settled crashed = deferred(claim_one(node));
    crashed.crashes = 2;
    CHECK(node.settle(crashed));
    CHECK(database.recipient("crashes", "a@a.example") == "2");
    make_due(database);
    const queue::Claimed again = claim_one(node);
    CHECK(again.crashes == 2);
    CHECK(node.settle(deferred(again)));
    CHECK(database.recipient("crashes", "a@a.example") == "0");
}

TEST_CASE("what kills at once, before any stage is written, is found as well") {
    QueueDatabase database;
    QueueNode node(database.settings);
    node.enqueue(new_message({"a@a.example"}));
    queue::Claimed claim = claim_one(node);
    CHECK_FALSE(claim.interrupted);
    const auto die = [&] {
        let_die(database, node);
        CHECK(take_over(database) == 1);
    };
    die();
    CHECK(database.recipient("crashes", "a@a.example") == "0");
    for (int strike = 1; strike <= 3; ++strike) {
        claim = claim_one(node);
        CHECK(claim.interrupted);
        node.run(node.store.note_begun({{claim.key, claim.token}}));
        die();
        CHECK(database.recipient("crashes", "a@a.example") == std::to_string(strike));
    }
    CHECK(database.recipient("state", "a@a.example") == "held");

    database.sql("SELECT outpost.release(message_id) FROM outpost.queue");
    CHECK(node.settle(deferred(claim_one(node))));
    make_due(database);
    CHECK_FALSE(claim_one(node).interrupted);
}

TEST_CASE("a lost lease is fenced: no final dot, and a late outcome changes nothing") {
    QueueDatabase database;
    QueueNode old_owner(database.settings, "n1");
    QueueNode new_owner(database.settings, "n2");
    old_owner.enqueue(new_message({"a@a.example"}));
    const queue::Claimed stale = claim_one(old_owner);
    let_die(database, old_owner);
    CHECK(take_over(database) == 1);
    CHECK_FALSE(old_owner.final_dot(stale, "hold"));

    const queue::Claimed fresh = claim_one(new_owner);
    CHECK(fresh.attempts == 2);
    CHECK_FALSE(old_owner.final_dot(stale, "hold"));
    CHECK_FALSE(old_owner.settle(failed(stale)));
    CHECK(database.recipient("state", "a@a.example") == "leased");
    old_owner.run(old_owner.store.give_back({{stale.key, stale.token}}, std::nullopt));
    CHECK(database.recipient("node", "a@a.example") == "n2");
    CHECK(new_owner.final_dot(fresh, "hold"));
    CHECK(new_owner.settle(delivered(fresh)));
    CHECK(
        database.text("SELECT string_agg(outcome, ' ' ORDER BY started_at) FROM outpost.attempts"
        ) == "interrupted late delivered"
    );
}

TEST_CASE("a late outcome counts while the recipient waits as uncertain from that very lease") {
    QueueDatabase database;
    QueueNode node(database.settings);
    node.enqueue(new_message({"a@a.example", "b@b.example"}));
    const queue::Claimed first = claim_one(node), second = claim_one(node);
    CHECK(node.final_dot(first));
    CHECK(node.final_dot(second, "hold"));
    let_die(database, node);
    CHECK(take_over(database) == 2);
    CHECK(database.recipient("state", second.recipient.address.wire()) == "held");
    CHECK(node.settle(delivered(first)));
    CHECK(node.settle(delivered(second)));
    CHECK(
        database.number(
            "SELECT count(*) FROM outpost.recipients WHERE state = 'delivered' AND NOT uncertain"
        ) == 2
    );

    QueueNode another(database.settings, "n2");
    another.enqueue(new_message({"c@c.example"}));
    const queue::Claimed third = claim_one(another);
    CHECK(another.final_dot(third));
    another.write_stages();
    let_die(database, another);
    take_over(database);
    make_due(database);
    const queue::Claimed again = claim_one(another);
    CHECK(again.uncertain);
    CHECK_FALSE(another.settle(delivered(third)));  // somebody tries it again: too late
    CHECK(another.settle(delivered(again)));
}

TEST_CASE("an outcome recorded twice, because the answer was lost, counts once") {
    QueueDatabase database;
    QueueNode node(database.settings);
    node.enqueue(new_message({"a@a.example"}));
    queue::Settled settled = deferred(claim_one(node));
    settled.uncertain = true;
    CHECK(node.settle(settled));
    CHECK(node.settle(settled));
    CHECK(database.number("SELECT count(*) FROM outpost.attempts") == 1);
    make_due(database);
    const queue::Claimed again = claim_one(node);
    CHECK(node.settle(settled));  // recorded, though the lease is another's by now
    CHECK(database.recipient("state", "a@a.example") == "leased");
    queue::Settled late = settled;
    late.started += 1s;
    CHECK_FALSE(node.settle(late));
    CHECK_FALSE(node.settle(late));
    CHECK(
        database.text("SELECT string_agg(outcome, ' ' ORDER BY started_at) FROM outpost.attempts"
        ) == "deferred late"
    );
    CHECK(node.settle(delivered(again)));
}

TEST_CASE("a second run under a name takes over from the first, which notices") {
    QueueDatabase database;
    QueueNode first(database.settings);
    first.enqueue(new_message({"a@a.example"}));
    claim_one(first);
    QueueNode second(database.settings);
    CHECK(take_over(database) == 1);
    CHECK(second.claim(1).size() == 1);
    CHECK(soon([&] { return first.superseded.load(); }));
    CHECK_FALSE(first.node.lease_is_safe());
    CHECK(first.claim().empty());
    CHECK_FALSE(second.superseded);
}

TEST_CASE("a run that hears of its successor sends no dot from then on") {
    QueueDatabase database;
    database.settings.lease = 1h;  // so that no heartbeat comes by itself
    QueueNode first(database.settings);
    std::atomic<int> heard{0};
    db::Listener listener(database.settings, queue::takeover_channel, [&](const std::string& name) {
        if (name == first.node.name()) first.node.renew_now();
        ++heard;
    });
    REQUIRE(soon([&] { return heard == 1; }));  // it listens
    first.enqueue(new_message({"a@a.example"}));
    const auto claim = claim_one(first);
    QueueNode other(database.settings, "n2");
    REQUIRE(soon([&] { return heard == 2; }));
    CHECK(first.final_dot(claim));
    QueueNode second(database.settings);
    CHECK(soon([&] { return first.superseded.load(); }));
    CHECK_FALSE(first.final_dot(claim));
    CHECK(second.node.lease_is_safe());
}

TEST_CASE("a node that leaves gives everything back untried, but for what may have been delivered"
) {
    QueueDatabase database;
    QueueNode node(database.settings);
    node.enqueue(new_message({"a@a.example", "b@b.example"}));
    const queue::Claimed first = claim_one(node);
    const queue::Claimed second = claim_one(node);
    CHECK(node.final_dot(second));
    node.leave();
    CHECK(database.recipient("state", first.recipient.address.wire()) == "queued");
    CHECK(database.recipient("attempts", first.recipient.address.wire()) == "0");
    CHECK(database.text("SELECT state FROM outpost.nodes") == "stopped");
    CHECK(take_over(database) == 1);
    CHECK(database.recipient("uncertain", second.recipient.address.wire()) == "true");
}

TEST_CASE("after a renewal that came late, earlier leases are no longer taken for safe") {
    QueueDatabase database;
    database.settings.lease = 1h;  // a heartbeat comes only when it is asked for
    passed = 0s;
    QueueNode node(database.settings, "n1", []() noexcept { return SteadyTime(passed.load()); });
    node.enqueue(new_message({"a@a.example"}));
    node.enqueue(new_message({"b@b.example"}));
    const queue::Claimed before = claim_one(node);
    CHECK(node.node.lease_is_safe(before.token));
    CHECK(node.node.may_judge_others());
    passed = 44min;  // a quarter of the lease is left
    CHECK(node.node.lease_is_safe());
    passed = 45min;
    CHECK_FALSE(node.node.lease_is_safe());
    CHECK_FALSE(node.node.may_judge_others());
    node.node.renew_now();
    CHECK(soon([&] { return node.node.lease_is_safe(); }));
    CHECK_FALSE(node.node.may_judge_others());
    CHECK_FALSE(node.node.lease_is_safe(before.token));
    CHECK(node.node.lease_is_safe(claim_one(node).token));
    CHECK(node.final_dot(before));  // the database is asked, and nobody has taken it over
}

TEST_CASE("connections lost: what was accepted is there, and work goes on") {
    QueueDatabase database;
    QueueNode node(database.settings);
    const char* const kill_all =
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = "
        "current_database() AND pid <> pg_backend_pid()";
    std::set<MessageId> accepted;
    for (int i = 0; i < 60; ++i) {
        if (i % 6 == 3) database.sql(kill_all);
        queue::NewMessage message = new_message({"a@a.example"});
        for (int round = 0; round < 20; ++round) {
            try {
                accepted.insert(node.enqueue(message));
                break;
            } catch (const db::Unavailable&) {
                std::this_thread::sleep_for(100ms);
            }
        }
    }
    CHECK(accepted.size() == 60);
    CHECK(database.number("SELECT count(*) FROM outpost.messages") >= 60);
    std::size_t delivered_now = 0;
    for (int round = 0; round < 20 && delivered_now < 60; ++round) {
        database.sql(kill_all);
        try {
            for (const queue::Claimed& claim : node.claim(10))
                delivered_now += node.settle(delivered(claim)) ? 1 : 0;
        } catch (const db::Unavailable&) {
            std::this_thread::sleep_for(100ms);
        }
    }
    CHECK(
        database.number("SELECT count(*) FROM outpost.attempts") ==
        static_cast<std::int64_t>(delivered_now)
    );
    CHECK(database.number("SELECT max(attempts) FROM outpost.recipients") == 1);
}

TEST_CASE("a COMMIT without an answer is looked up, and waited for while it goes on") {
    QueueDatabase database;
    QueueNode node(database.settings);
    const MessageId there = node.enqueue(new_message({"a@a.example"}));
    CHECK(queue::find_insertion(database.session, there) == LeaseToken{0});
    CHECK_FALSE(queue::find_insertion(database.session, MessageId{999'999}));
    CHECK(
        database.number("SELECT count(*) FROM outpost_private.message") == 1
    );  // the probe left nothing

    db::Session other(database.settings);
    db::Transaction open(other);
    other.exec_script(
        "SELECT setseed(0); INSERT INTO outpost_private.message SELECT (m).* FROM "
        "(SELECT jsonb_populate_record(m, '{\"id\": 4711}') AS m FROM outpost_private.message m) x"
    );
    other.exec_script(
        "INSERT INTO outpost_private.recipient (message_id, number, address, domain, notify, "
        "orcpt, state, lease_token) "
        "VALUES (4711, 1, 'x@x.example', 'x.example', '', '', 'leased', 42)"
    );
    std::optional<LeaseToken> found;
    std::thread looking([&] { found = queue::find_insertion(database.session, MessageId{4711}); });
    CHECK(database.someone_waits_for_a_lock());
    open.commit();
    looking.join();
    CHECK(found == LeaseToken{42});
}

TEST_CASE("leases of which this node may know nothing are given back") {
    QueueDatabase database;
    QueueNode node(database.settings);
    const MessageId id = node.enqueue(new_message({"a@a.example"}));
    node.enqueue(new_message({"b@b.example"}));
    node.enqueue(new_message({"c@c.example"}));
    const queue::Claimed first = claim_one(node), second = claim_one(node), kept = claim_one(node);
    REQUIRE(first.key.message == id);
    queue::Doubts doubts;
    doubts.add(id);
    doubts.add(second.token);
    doubts.settle(database.session, node.node.id());
    CHECK(database.recipient("state", "a@a.example") == "queued");
    CHECK(database.recipient("state", "b@b.example") == "queued");
    CHECK(database.recipient("state", "c@c.example") == "leased");
    const queue::Claimed again = claim_one(node);
    CHECK(again.key == first.key);
    doubts.settle(database.session, node.node.id());  // the message is no doubt any more
    CHECK(node.settle(delivered(again)));
    CHECK(node.settle(delivered(kept)));
}
