// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>

#include <algorithm>
#include <set>
#include <thread>

#include "tests/unit/delivery/queue/queue_lab.hpp"

using namespace outpost;
using namespace outpost::test;

namespace {

/// Takes fresh work while it has room.
struct Taker final : queue::FreshWorkTaker {
    bool reserve(std::size_t recipients) noexcept override {
        if (recipients > room) return false;
        room -= recipients;
        return true;
    }
    void cancel(std::size_t recipients) noexcept override { room += recipients; }
    void take(std::vector<queue::Claimed> claims) noexcept override {
        std::move(claims.begin(), claims.end(), std::back_inserter(taken));
    }

    std::size_t room = 0;
    std::vector<queue::Claimed> taken;
};

}  // namespace

TEST_CASE("a message's life: accepted, claimed, deferred, claimed again, delivered") {
    QueueDatabase database;
    QueueNode node(database.settings);
    queue::NewMessage message = new_message({"user@a.example"}, std::string("body\0with\xff", 10));
    message.eightbit = true;
    message.tls_wish = delivery::TlsWish::not_required;
    message.ret = delivery::Ret::headers;
    message.envid = "env-1";
    message.tag = "bulk";
    message.recipients[0].notify.failure = true;
    message.recipients[0].orcpt = "rfc822;user@old.example";
    const MessageId id = node.enqueue(std::move(message));

    auto claims = node.claim();
    REQUIRE(claims.size() == 1);
    const queue::Claimed first = claims[0];
    CHECK(first.key == RecipientKey{id, 1});
    CHECK(first.attempts == 1);
    CHECK(first.recipient.address.wire() == "user@a.example");
    CHECK(first.recipient.notify.failure);
    CHECK(first.recipient.orcpt == "rfc822;user@old.example");
    CHECK(first.envelope->mail_from.wire() == "orders@shop.example");
    CHECK(first.envelope->tag == "bulk");
    CHECK(first.envelope->tls_wish == delivery::TlsWish::not_required);
    CHECK(first.envelope->ret == delivery::Ret::headers);
    CHECK(first.envelope->envid == "env-1");
    CHECK(node.claim().empty());

    const auto loaded = node.run(node.store.load(id));
    REQUIRE(loaded);
    CHECK(loaded->content->header() == "Subject: test\r\n\r\n");
    CHECK(loaded->content->body() == std::vector{std::string("body\0with\xff", 10)});
    CHECK(loaded->eightbit);

    CHECK(node.settle(deferred(first)));
    CHECK(database.recipient("state", "user@a.example") == "queued");
    CHECK(database.recipient("last_reply_code", "user@a.example") == "450");
    CHECK(node.claim().empty());  // not due
    REQUIRE(node.run(node.store.next_due()).has_value());

    database.sql("SELECT outpost.retry_now(" + std::to_string(to_number(id)) + ")");
    claims = node.claim();
    REQUIRE(claims.size() == 1);
    CHECK(claims[0].attempts == 2);
    CHECK(claims[0].token > first.token);
    CHECK(claims[0].last_error == delivery::ErrorKind::reply_4xx);
    CHECK(claims[0].last_status == "4.1.1");
    CHECK(node.settle(delivered(claims[0])));
    CHECK(database.recipient("state", "user@a.example") == "delivered");
    CHECK(
        database.text("SELECT string_agg(attempt || outcome || duration, ' ' ORDER BY attempt) "
                      "FROM outpost.attempts") == "1deferred1.5 2delivered1.5"
    );
    CHECK(database.number("SELECT count(*) FROM outpost_private.content") == 0);
    CHECK_FALSE(node.run(node.store.next_due()).has_value());
}

TEST_CASE("an attempt's row says everything about it, each thing in its own column") {
    QueueDatabase database;
    QueueNode node(database.settings, "n7");
    node.enqueue(new_message({"a@a.example"}));
    queue::Settled attempt = deferred(node.claim().at(0));
    delivery::RemoteFacts remote;
    remote.host = "mx.a.example";
    remote.ip = "192.0.2.1";
    remote.port = 2525;
    remote.tls_version = "TLSv1.3";
    remote.tls_cipher = "TLS_AES_256_GCM_SHA384";
    remote.tls_requirement = "encrypted";
    remote.tls_policy = "dane";
    remote.tls_result = "encrypted, dane: unusable";
    remote.tls_verified = true;
    attempt.verdict.remote = std::make_shared<delivery::RemoteFacts>(remote);
    attempt.route_list = "account";
    attempt.route_index = 3;
    attempt.route_name = "the third";
    attempt.route_reason = "to a.example";
    attempt.transport = "smarthost";
    attempt.config_version = "v9";
    attempt.transcript = "   0.001 > EHLO x";
    CHECK(node.settle(attempt));
    CHECK(
        database.text(
            "SELECT concat_ws('|', number, attempt, duration, node, outcome, stage, route_list, "
            "route_index, route_name, route_reason, transport, remote_host, remote_ip, "
            "remote_port, "
            "tls_version, tls_cipher, tls_verified, tls_requirement, error_kind, reply_code, "
            "status, "
            "reply, config_version, transcript, tls_policy, tls_result) FROM outpost.attempts"
        ) ==
        "1|1|1.5|n7|deferred|rcpt|account|3|the third|to a.example|smarthost|mx.a.example|"
        "192.0.2.1|2525|TLSv1.3|TLS_AES_256_GCM_SHA384|t|encrypted|reply_4xx|450|4.1.1|"
        "450 4.1.1 later|v9|   0.001 > EHLO x|dane|encrypted, dane: unusable"
    );
    CHECK(
        database.text("SELECT concat_ws('|', last_error, last_status, last_reply_code, last_reply, "
                      "last_transport, last_remote_host, last_remote_ip, last_attempt_at = "
                      "(SELECT started_at FROM outpost.attempts)) FROM outpost.recipients"
        ) == "reply_4xx|4.1.1|450|450 4.1.1 later|smarthost|mx.a.example|192.0.2.1|t"
    );
}

TEST_CASE("the body is stored once, in order, and kept until the last recipient has come to an end"
) {
    QueueDatabase database;
    QueueNode node(database.settings);
    queue::NewMessage message = new_message({"a@a.example", "b@b.example"});
    message.content = std::make_shared<mail::Content>(
        "A: b\r\n\r\n", std::vector<std::string>{"one", "", "two", "three"}
    );
    const MessageId id = node.enqueue(std::move(message));
    CHECK(database.number("SELECT count(*) FROM outpost_private.content") == 3);
    const auto claims = node.claim();
    REQUIRE(claims.size() == 2);
    node.settle(delivered(claims[0]));
    CHECK(
        node.run(node.store.load(id))->content->body() ==
        std::vector<std::string>{"one", "two", "three"}
    );
    node.settle(failed(claims[1]));
    CHECK(database.number("SELECT count(*) FROM outpost_private.content") == 0);
    CHECK(database.number("SELECT count(*) FROM outpost_private.message") == 1);
}

TEST_CASE("a large body is written and read in parts, and comes back whole and in order") {
    QueueDatabase database;
    QueueNode node(database.settings);
    queue::NewMessage message = new_message({"a@a.example"});
    std::vector<std::string> chunks;
    for (int i = 0; i < 150; ++i)
        chunks.push_back(std::to_string(i) + std::string(60'000, static_cast<char>('a' + i % 26)));
    std::string whole;
    for (const auto& chunk : chunks)
        whole += chunk;
    const mail::Content content("A: b\r\n\r\n", std::move(chunks));
    message.content = std::make_shared<mail::Content>(content);
    const MessageId id = node.enqueue(std::move(message));
    const auto body_of = [&] {
        std::string body;
        const auto loaded = node.run(node.store.load(id));
        for (const auto& chunk : loaded->content->body())
            body += chunk;
        return body;
    };
    CHECK((body_of() == whole));
    CHECK(node.run(node.store.load_header(id))->content->size() == content.header().size());
    // As SQL writes it: one row, here with another behind it.
    database.sql(
        "WITH whole AS (DELETE FROM outpost_private.content RETURNING seq, data)"
        "INSERT INTO outpost_private.content (message_id, seq, data) SELECT " +
        std::to_string(to_number(id)) +
        ", (seq >= 1000)::int, string_agg(data, '' ORDER BY seq) FROM whole GROUP BY seq >= 1000"
    );
    CHECK(database.number("SELECT count(*) FROM outpost_private.content") == 2);
    CHECK((body_of() == whole));
}

TEST_CASE("fresh work goes to the taker, leased, when it has room and is due") {
    QueueDatabase database;
    QueueNode node(database.settings);
    Taker taker;
    taker.room = 2;
    node.store.set_fresh_work_taker(&taker);
    const MessageId id = node.enqueue(new_message({"a@a.example", "b@b.example"}));
    REQUIRE(taker.taken.size() == 2);
    CHECK(taker.taken[1].key == RecipientKey{id, 2});
    CHECK(taker.taken[1].envelope->content != nullptr);
    CHECK(database.recipient("state", "a@a.example") == "leased");
    CHECK(database.recipient("attempts", "a@a.example") == "1");
    CHECK(node.settle(delivered(taker.taken[0])));

    node.enqueue(new_message({"full@a.example"}));  // no room left
    CHECK(database.recipient("state", "full@a.example") == "queued");
    taker.room = 9;
    queue::NewMessage later = new_message({"later@a.example"});
    later.release_at = WallClock::now() + std::chrono::hours(1);
    node.enqueue(std::move(later));
    CHECK(database.recipient("state", "later@a.example") == "queued");
    CHECK(taker.room == 9);
    CHECK(node.claim().size() == 1);  // the one that had no room, not the one held back
}

TEST_CASE("what is released later has its time for retries from then on, by whichever door it came"
) {
    QueueDatabase database;
    database.configure();
    QueueNode node(database.settings);
    const WallTime release =
        std::chrono::floor<std::chrono::seconds>(WallClock::now()) + std::chrono::hours(100);
    queue::NewMessage later = new_message({"later@a.example"});
    later.release_at = release;
    node.enqueue(std::move(later));
    node.enqueue(new_message({"now@a.example"}));
    database.sql(
        "SELECT outpost.enqueue('shop', 'a@shop.example', ARRAY['sql@a.example'], E'Subject: "
        "x\\n\\n', '{\"hold_for\": \"100 hours\"}')"
    );
    database.sql("UPDATE outpost_private.recipient SET next_attempt_at = now()");
    std::map<std::string, WallTime> due_from;
    for (const auto& claim : node.claim()) {
        due_from[claim.recipient.address.wire()] = claim.envelope->due_from;
        CHECK(node.run(node.store.load(claim.key.message))->due_from == claim.envelope->due_from);
        CHECK(claim.envelope->submitted_at < WallClock::now() + std::chrono::hours(1));
    }
    CHECK(due_from["later@a.example"] == release);
    CHECK(due_from["sql@a.example"] > release - std::chrono::hours(1));
    CHECK(due_from["now@a.example"] < WallClock::now() + std::chrono::hours(1));
}

TEST_CASE("an idempotency key queues once, whatever comes at the same time") {
    QueueDatabase database;
    QueueNode node(database.settings);
    Taker taker;
    taker.room = 100;
    node.store.set_fresh_work_taker(&taker);
    std::set<MessageId> ids;
    int fresh = 0;
    const auto hand_in = [&]() -> awaitable<void> {
        queue::NewMessage message = new_message({"a@a.example"});
        message.idempotency_key = "order-1";
        message.id = co_await node.store.new_id();
        const auto done = co_await node.store.enqueue(message);
        ids.insert(done.id);
        fresh += done.duplicate ? 0 : 1;
    };
    for (int i = 0; i < 20; ++i)
        asio::co_spawn(node.loop, hand_in(), asio::detached);
    node.loop.run_for(std::chrono::seconds(20));
    CHECK(ids.size() == 1);
    CHECK(fresh == 1);
    CHECK(taker.taken.size() == 1);
    CHECK(taker.room == 99);
    CHECK(database.number("SELECT count(*) FROM outpost_private.recipient") == 1);

    queue::NewMessage other = new_message({"b@b.example"});
    other.account = "other";
    other.idempotency_key = "order-1";
    CHECK_FALSE(ids.contains(node.enqueue(std::move(other))));  // a key belongs to its account
}

TEST_CASE("a bad message fails alone, those beside it are accepted") {
    QueueDatabase database;
    QueueNode node(database.settings);
    database.sql("ALTER TABLE outpost_private.message ADD CHECK (tag <> 'bad')");
    int accepted = 0;
    int refused = 0;
    const auto hand_in = [&](std::string tag) -> awaitable<void> {
        queue::NewMessage message = new_message({"a@a.example"});
        message.tag = std::move(tag);
        message.id = co_await node.store.new_id();
        try {
            co_await node.store.enqueue(message);
            ++accepted;
        } catch (const db::Error&) {
            ++refused;
        }
    };
    for (int i = 0; i < 40; ++i)
        asio::co_spawn(node.loop, hand_in(i == 17 ? "bad" : "good"), asio::detached);
    node.loop.run_for(std::chrono::seconds(20));
    CHECK(accepted == 39);
    CHECK(refused == 1);
    CHECK(database.number("SELECT count(*) FROM outpost_private.message") == 39);
}

TEST_CASE(
    "strangers' strings come back as they were, or are made harmless where they are only shown"
) {
    QueueDatabase database;
    QueueNode node(database.settings);
    const char* const evil[] = {
        "'); DROP TABLE outpost_private.message; --", "$$;$1", R"(E'\\'\)", "{\"a\",NULL}",
        "%s%n ${run{id}}"
    };
    for (const char* text : evil) {
        queue::NewMessage message = new_message({"\"a'; -- {}\"@a.example"});
        message.tag = text;
        message.idempotency_key = text;
        message.envid = text;
        const MessageId id = node.enqueue(std::move(message));
        const auto claims = node.claim();
        REQUIRE(claims.size() == 1);
        CHECK(claims[0].key.message == id);
        CHECK(claims[0].envelope->tag == text);
        CHECK(claims[0].envelope->envid == text);
        CHECK(claims[0].recipient.address.local() == "a'; -- {}");
        queue::Settled settled =
            outcome(claims[0], replied(450, text), queue::RecipientState::held);
        settled.hold_reason = text;
        settled.transcript = text;
        CHECK(node.settle(settled));
        const db::Rows row = database.session.exec(
            {"look_at_evil",
             "SELECT r.hold_reason, r.last_reply, a.transcript FROM outpost.recipients r "
             "JOIN outpost.attempts a USING (message_id) WHERE message_id = $1"},
            to_number(id)
        );
        CHECK(row.at(0).text(0) == text);
        CHECK(row.at(0).text(1).find(text) != std::string::npos);
        CHECK(row.at(0).text(2) == text);
    }
    queue::NewMessage invalid = new_message({"a@a.example"});
    invalid.message_id = "<\xc0\x27@x>";
    invalid.client = std::string("a\0b\xff", 4);
    node.enqueue(std::move(invalid));
    const auto claims = node.claim();
    REQUIRE(claims.size() == 1);
    CHECK(node.settle(outcome(
        claims[0], replied(550, std::string("\xff\0\x1b[2J", 6)), queue::RecipientState::failed
    )));
}

TEST_CASE("work comes oldest first; saturated destinations are stepped over") {
    QueueDatabase database;
    QueueNode node(database.settings);
    std::vector<std::string> many;
    for (int i = 0; i < 50; ++i)
        many.push_back("u" + std::to_string(i) + "@busy.example");
    node.enqueue(new_message(many));
    node.enqueue(new_message({"x@b.example"}));
    node.enqueue(new_message({"x@[192.0.2.1]"}));
    auto claims = node.claim(10, {"busy.example"});
    std::set<std::string> got;
    for (const auto& claim : claims)
        got.insert(claim.recipient.address.wire());
    CHECK(got == std::set<std::string>{"x@b.example", "x@[192.0.2.1]"});
    claims = node.claim(10);
    CHECK(claims.size() == 10);
    CHECK(node.claim(100, {"busy.example"}).empty());
    CHECK(node.claim(100).size() == 40);
}

TEST_CASE("thousands of due recipients of one saturated destination hide nobody behind them") {
    QueueDatabase database;
    QueueNode node(database.settings);
    const MessageId busy = node.enqueue(new_message({"u@busy.example"}));
    node.enqueue(new_message({"x@late.example", "y@late.example", "x@aaa.example"}));
    database.session.exec(
        {"crowd",
         "INSERT INTO outpost_private.recipient (message_id, number, address, domain, notify, "
         "orcpt, state, next_attempt_at) "
         "SELECT $1::int8, n, 'u' || n || '@busy.example', 'busy.example', '', '', 'queued', now() "
         "- interval '1 hour' "
         "FROM generate_series(2, 3000) n"},
        to_number(busy)
    );
    CHECK(node.claim(2, {"busy.example"}).size() == 2);
    CHECK(node.claim(10, {"busy.example"}).size() == 1);
    CHECK(node.claim(10, {"busy.example"}).empty());
    CHECK(node.claim(2000).size() == 2000);
}

TEST_CASE("leases given back are due again and cost no attempt") {
    QueueDatabase database;
    QueueNode node(database.settings);
    node.enqueue(new_message({"a@a.example", "b@b.example"}));
    const auto claims = node.claim();
    REQUIRE(claims.size() == 2);
    node.run(node.store.give_back({{claims[0].key, claims[0].token}}, std::nullopt));
    const auto in_an_hour = WallClock::now() + std::chrono::hours(1);
    node.run(node.store.give_back({{claims[1].key, claims[1].token}}, in_an_hour));
    CHECK(database.number("SELECT sum(attempts) FROM outpost.recipients") == 0);
    const auto again = node.claim();
    REQUIRE(again.size() == 1);
    CHECK(again[0].key == claims[0].key);
    CHECK(again[0].attempts == 1);
    const auto due = node.run(node.store.next_due());
    REQUIRE(due);
    CHECK(std::chrono::abs(*due - in_an_hour) < std::chrono::milliseconds(1));
}

TEST_CASE("two nodes on one database never get the same recipient, and none is left out") {
    QueueDatabase database;
    QueueNode one(database.settings, "n1");
    QueueNode two(database.settings, "n2");
    constexpr std::size_t messages = 400;
    for (std::size_t i = 0; i < messages; ++i) {
        queue::NewMessage message = new_message({"u@d" + std::to_string(i % 7) + ".example"});
        message.id = one.run(one.store.new_id());
        one.run(one.store.enqueue(std::move(message)));
    }
    std::vector<queue::Claimed> mine, theirs;
    const auto take_all = [](QueueNode& node, std::vector<queue::Claimed>& all,
                             std::vector<std::string> saturated) {
        while (true) {
            auto claims = node.claim(7, saturated);
            if (claims.empty()) return;
            for (auto& claim : claims)
                all.push_back(std::move(claim));
        }
    };
    std::thread first([&] { take_all(one, mine, {}); });
    std::thread second([&] { take_all(two, theirs, {"none.example"}); });
    first.join();
    second.join();
    take_all(one, mine, {});  // what was locked by the other when it was looked for
    std::set<RecipientKey> keys;
    for (const auto& claim : mine)
        CHECK(keys.insert(claim.key).second);
    for (const auto& claim : theirs)
        CHECK(keys.insert(claim.key).second);
    CHECK(keys.size() == messages);
    CHECK(database.number("SELECT max(attempts) FROM outpost.recipients") == 1);
}

TEST_CASE("stages are visible once they are flushed, and not written for what has ended") {
    QueueDatabase database;
    QueueNode node(database.settings);
    node.enqueue(new_message({"a@a.example", "b@b.example"}));
    const auto claims = node.claim();
    REQUIRE(claims.size() == 2);
    for (const auto& claim : claims)
        node.store.progress({{claim.key, claim.token}}, delivery::Stage::connect);
    node.settle(deferred(claims[1]));
    node.store.stages().flush();
    node.run(node.store.next_due());  // comes behind the flush, mostly
    soon([&] { return !database.recipient("stage", "a@a.example").empty(); });
    CHECK(database.recipient("stage", "a@a.example") == "connect");
    CHECK(database.recipient("stage", "b@b.example") == "");
    CHECK(node.final_dot(claims[0]));
    node.write_stages();
    CHECK(database.recipient("stage", "a@a.example") == "final_dot");
    CHECK(database.number("SELECT count(*) FROM outpost.uncertain") == 1);
}

TEST_CASE("the time is the database's, not this machine's") {
    QueueDatabase database;
    database.sql(
        "CREATE SCHEMA skewed; CREATE FUNCTION skewed.clock_timestamp() RETURNS timestamptz "
        "LANGUAGE "
        "sql AS $$ SELECT pg_catalog.clock_timestamp() + interval '10 days' $$; "
        "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET search_path = skewed, pg_catalog', "
        "current_database()); END $$"
    );
    QueueNode node(database.settings);
    Taker taker;
    taker.room = 1;
    node.store.set_fresh_work_taker(&taker);
    node.enqueue(new_message({"a@a.example"}));
    REQUIRE(taker.taken.size() == 1);
    for (const WallTime now : {node.store.now(), taker.taken[0].envelope->due_from}) {
        CHECK(now > WallClock::now() + std::chrono::hours(9 * 24));
        CHECK(now < WallClock::now() + std::chrono::hours(11 * 24));
    }
}

TEST_CASE("an account's recipients of the last hours are counted, whichever way they came") {
    QueueDatabase database;
    database.configure();
    QueueNode node(database.settings, "n1"), other(database.settings, "n2");
    const auto count = [&] {
        return node.run(node.store.recipients_within("shop", std::chrono::hours(24)));
    };
    CHECK(count() == 0);
    node.enqueue(new_message({"a@a.example", "b@a.example"}));
    other.enqueue(new_message({"c@a.example"}));
    database.sql("SELECT outpost.enqueue('shop', 'a@shop.example', ARRAY['d@a.example'], 'A: b')");
    queue::NewMessage anothers = new_message({"e@a.example"});
    anothers.account = "another";
    node.enqueue(std::move(anothers));
    CHECK(count() == 4);
    CHECK(node.settle(delivered(node.claim(1).at(0))));
    CHECK(count() == 4);
    database.sql(
        "UPDATE outpost_private.message SET submitted_at = now() - interval '25 hours' WHERE id = "
        "(SELECT message_id FROM outpost.recipients WHERE address = 'a@a.example')"
    );
    CHECK(count() == 2);
}
