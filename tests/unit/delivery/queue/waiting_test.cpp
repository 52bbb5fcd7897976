// SPDX-License-Identifier: Apache-2.0
// What waits is counted without counting (schema/triggers/recipient/), and a crowd hides nobody.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include "tests/unit/delivery/queue/queue_lab.hpp"

using namespace outpost;
using namespace outpost::test;

namespace {

struct Counted : QueueDatabase {
    Counted() { configure(); }

    /// What a view says, and what counting all recipients says.
    void check(const std::string& view, const std::string& counted) {
        CAPTURE(view);
        CHECK(lines(view) == lines(counted));
    }
    void check_all() {
        check(
            "SELECT state, recipients FROM outpost.totals WHERE recipients > 0",
            "SELECT state, count(*) FROM outpost_private.recipient WHERE finished_at IS NULL "
            "GROUP BY state"
        );
        const std::string by_state =
            "count(*) FILTER (WHERE r.state = 'queued') AS queued, count(*) FILTER (WHERE r.state "
            "= 'leased') AS in_flight, count(*) FILTER (WHERE r.state = 'held') AS held FROM "
            "outpost_private.recipient r JOIN outpost_private.message m ON m.id = r.message_id "
            "WHERE r.finished_at IS NULL GROUP BY 1";
        check(
            "SELECT domain, queued, in_flight, held FROM outpost.domains",
            "SELECT r.domain, " + by_state
        );
        check(
            "SELECT domain, queued, in_flight, held FROM outpost.busiest_domains",
            "SELECT r.domain, " + by_state
        );
        check("SELECT tag, queued, in_flight, held FROM outpost.tags", "SELECT m.tag, " + by_state);
        check(
            "SELECT queued FROM outpost.accounts WHERE name = 'shop'",
            "SELECT count(*) FROM outpost_private.recipient r JOIN outpost_private.message m "
            "ON m.id = r.message_id WHERE r.finished_at IS NULL AND m.account = 'shop'"
        );
        check(
            "SELECT name, next_due FROM outpost_private.waiting WHERE kind = 'domain' AND NOT "
            "EXISTS (SELECT FROM outpost_private.waiting_change) AND next_due IS NOT NULL",
            "SELECT domain, min(next_attempt_at) FROM outpost_private.recipient WHERE state = "
            "'queued' AND NOT EXISTS (SELECT FROM outpost_private.waiting_change) GROUP BY domain"
        );
    }
    std::string lines(const std::string& query) {
        return text(
            "SELECT coalesce(string_agg(q::text, E'\\n' ORDER BY q::text), '') FROM (" + query +
            ") q"
        );
    }
    void fold() { CHECK_FALSE(queue::fold_waiting(session)); }
    std::int64_t changes() { return number("SELECT count(*) FROM outpost_private.waiting_change"); }
    void crowd(MessageId message, int count) {
        sql(fmt::format(
            "INSERT INTO outpost_private.recipient (message_id, number, address, domain, notify, "
            "orcpt, state, next_attempt_at) SELECT {}, n, 'u' || n || '@busy.example', "
            "'busy.example', '', '', 'queued', now() - interval '1 hour' FROM generate_series(2, "
            "{}) n",
            to_number(message), count
        ));
    }
};

std::set<std::string> addresses(const std::vector<queue::Claimed>& claims) {
    std::set<std::string> all;
    for (const auto& claim : claims)
        all.insert(claim.recipient.address.wire());
    return all;
}

struct Taker : queue::FreshWorkTaker {
    bool reserve(std::size_t) noexcept override { return true; }
    void cancel(std::size_t) noexcept override {}
    void take(std::vector<queue::Claimed> claims) noexcept override { taken = std::move(claims); }
    std::vector<queue::Claimed> taken;
};

}  // namespace

TEST_CASE("the counts are right after everything that can happen to a recipient") {
    Counted database;
    QueueNode node(database.settings);
    int step = 0;
    const auto next = [&] {
        ++step;
        CAPTURE(step);
        database.check_all();
        if (step % 2 == 0) database.fold();
        database.check_all();
    };
    queue::NewMessage tagged = new_message({"a@a.example", "b@a.example", "c@c.example"});
    tagged.tag = "bulk";
    const MessageId id = node.enqueue(std::move(tagged));
    next();
    queue::NewMessage other = new_message({"a@a.example", "d@d.example"});
    other.account = "";
    const MessageId second = node.enqueue(std::move(other));
    next();
    const auto claims = node.claim();
    REQUIRE(claims.size() == 5);
    next();
    node.settle(deferred(claims[0]));
    next();
    node.settle(delivered(claims[1]));
    node.settle(failed(claims[2]));
    next();
    node.run(node.store.give_back({{claims[3].key, claims[3].token}}, std::nullopt));
    next();
    const auto act = [&](const std::string& call, MessageId message, const std::string& who) {
        database.sql(fmt::format("SELECT outpost.{}({}, '{}')", call, to_number(message), who));
        next();
    };
    const std::string first = claims[0].recipient.address.wire();
    act("hold", id, first);
    act("release", id, first);
    act("retry_now", id, first);
    act("hold", id, first);
    act("drop", id, first);
    act("fail", second, claims[3].recipient.address.wire());
    database.sql(
        "SELECT outpost.enqueue('shop', 'a@shop.example', ARRAY['x@x.example', 'y@x.example'], "
        "E'Subject: x\\n\\nx\\n', '{\"hold\": true, \"tag\": \"later\"}')"
    );
    next();
    database.sql("DELETE FROM outpost_private.recipient WHERE address = 'x@x.example'");
    next();
    database.fold();
    const std::string before = database.lines("SELECT * FROM outpost_private.waiting_now");
    database.sql("SELECT outpost_private.recount_waiting()");
    CHECK(database.changes() == 0);
    CHECK(database.lines("SELECT * FROM outpost_private.waiting_now") == before);
    next();
    database.sql("DELETE FROM outpost_private.recipient");
    database.fold();
    CHECK(database.number("SELECT count(*) FROM outpost_private.waiting") == 0);
}

TEST_CASE("mail that never waits leaves nothing to count") {
    Counted database;
    QueueNode node(database.settings);
    Taker taker;
    node.store.set_fresh_work_taker(&taker);
    node.enqueue(new_message({"a@a.example"}));
    REQUIRE(taker.taken.size() == 1);
    database.check_all();
    node.settle(delivered(taker.taken[0]));
    CHECK(database.changes() == 0);
    node.store.set_fresh_work_taker(nullptr);
}

TEST_CASE("a domain's last words are those of its last attempt, and go with what waited for them") {
    Counted database;
    QueueNode node(database.settings);
    node.enqueue(new_message({"a@a.example", "b@a.example"}));
    const auto claims = node.claim();
    REQUIRE(claims.size() == 2);
    auto later = outcome(claims[0], replied(451, "second"), queue::RecipientState::queued);
    auto earlier = outcome(claims[1], replied(450, "first"), queue::RecipientState::queued);
    earlier.started = later.started - std::chrono::minutes(1);
    node.settle(later);
    database.fold();
    node.settle(earlier);
    const std::string words = "SELECT last_reply FROM outpost.domains WHERE domain = 'a.example'";
    CHECK(database.text(words) == "451 4.1.1 second");
    database.fold();
    CHECK(database.text(words) == "451 4.1.1 second");
    database.sql(fmt::format("SELECT outpost.drop({})", to_number(claims[0].key.message)));
    database.fold();
    CHECK(database.sql(words).empty());
}

TEST_CASE("a backlog of one destination leaves the others a share of every batch") {
    Counted database;
    QueueNode node(database.settings);
    database.crowd(node.enqueue(new_message({"u@busy.example"})), 3000);
    node.enqueue(new_message({"x@late.example", "y@later.example"}));
    SUBCASE("changes not yet counted") {}
    SUBCASE("changes counted") {
        database.fold();
    }
    const auto claims = node.claim(100);
    CHECK(claims.size() == 100);
    const auto got = addresses(claims);
    CHECK(got.contains("x@late.example"));
    CHECK(got.contains("y@later.example"));
}

TEST_CASE("what the counts name in vain hides nobody, and what is not due is not claimed") {
    Counted database;
    QueueNode node(database.settings);
    database.crowd(node.enqueue(new_message({"u@busy.example"})), 3000);
    database.sql(
        "INSERT INTO outpost_private.waiting (kind, name, queued, held, next_due, last_reply) "
        "SELECT "
        "'domain', 'gone' || n || '.example', 1, 0, now() - interval '1 day', '' "
        "FROM generate_series(1, 100) n"
    );
    queue::NewMessage later = new_message({"future@later.example"});
    later.release_at = WallClock::now() + std::chrono::hours(1);
    node.enqueue(std::move(later));
    database.fold();
    node.enqueue(new_message({"x@late.example"}));
    database.sql(
        "UPDATE outpost_private.waiting SET next_due = now() - interval '1 day' "
        "WHERE name = 'later.example'"
    );
    const auto got = addresses(node.claim(100, {"busy.example"}));
    CHECK(got == std::set<std::string>{"x@late.example"});
}

TEST_CASE("history tells of one address what waits, what is in flight and what has ended") {
    Counted database;
    QueueNode node(database.settings);
    for (int i = 0; i < 3; ++i)
        node.enqueue(new_message({"a@a.example", "other@a.example"}));
    const auto claims = node.claim(4);
    REQUIRE(claims.size() == 4);
    node.settle(delivered(claims[0]));
    node.settle(delivered(claims[1]));
    const std::string states = database.text(
        "SELECT string_agg(state, ' ' ORDER BY state) FROM outpost.history WHERE address = "
        "'a@a.example'"
    );
    CHECK(states == "delivered leased queued");
}
