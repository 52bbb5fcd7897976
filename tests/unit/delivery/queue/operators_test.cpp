// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <fmt/format.h>

#include <future>

#include "core/delivery/queue/reports.hpp"
#include "core/foundation/database/listener.hpp"
#include "tests/unit/delivery/queue/queue_lab.hpp"

using namespace outpost;
using namespace outpost::test;

namespace {

struct Configured : QueueDatabase {
    Configured() { configure(); }
    int act(const std::string& function, MessageId id, const std::string& more = "") {
        return static_cast<int>(
            number(fmt::format("SELECT outpost.{}({}{})", function, to_number(id), more))
        );
    }
};

const queue::ReportSettings reporting{"mail.shop.example", {}, 1 << 20};

}  // namespace

TEST_CASE("hold, release and retry, for all recipients or one") {
    Configured database;
    QueueNode node(database.settings);
    const MessageId id = node.enqueue(new_message({"a@a.example", "b@b.example"}));
    CHECK(database.act("hold", id, ", 'a@a.example', 'looks odd'") == 1);
    CHECK(database.recipient("state", "a@a.example") == "held");
    CHECK(
        database
            .text("SELECT hold_reason || ' by ' || held_by FROM outpost.queue WHERE state = 'held'")
            .find("looks odd by ") == 0
    );
    CHECK(database.act("hold", id) == 1);
    CHECK(node.claim().empty());
    CHECK(database.act("release", id) == 2);
    CHECK(database.act("release", id) == 0);
    const auto claims = node.claim();
    CHECK(claims.size() == 2);
    for (const auto& claim : claims)
        node.settle(deferred(claim));
    CHECK(node.claim().empty());
    CHECK(database.act("retry_now", id, ", 'b@b.example'") == 1);
    CHECK(node.claim().size() == 1);
}

TEST_CASE("what is released has its whole time for retries from then on") {
    Configured database;
    QueueNode node(database.settings);
    const MessageId held = node.enqueue(new_message({"a@a.example"}));
    const MessageId waiting = node.enqueue(new_message({"b@b.example"}));
    CHECK(database.act("hold", held) == 1);
    database.sql("UPDATE outpost_private.message SET due_from = now() - interval '10 days'");
    CHECK(database.act("release", held) == 1);
    CHECK(database.act("release", waiting) == 0);
    for (const auto& claim : node.claim()) {
        const auto age = node.store.now() - claim.envelope->due_from;
        CHECK((age > std::chrono::hours(24)) == (claim.key.message == waiting));
    }
}

TEST_CASE("a recipient in flight is left alone: every action is refused and changes nothing") {
    Configured database;
    QueueNode node(database.settings);
    const MessageId id = node.enqueue(new_message({"a@a.example", "b@b.example"}));
    const auto claims = node.claim(1);
    REQUIRE(claims.size() == 1);
    const std::string before = database.text(
        "SELECT string_agg(r::text, ' ' ORDER BY number) FROM outpost_private.recipient r"
    );
    const char* const actions[] = {"hold({})", "release({})", "retry_now({})",
                                   "fail({})", "drop({})",    "set_transport({}, 'direct')"};
    for (const char* action : actions) {
        CAPTURE(std::string(action));
        const std::string call =
            "SELECT outpost." + fmt::format(fmt::runtime(action), to_number(id));
        CHECK(database.refusal(call) == "55006");
        try {
            database.sql(call);
        } catch (const db::Error& error) {
            CHECK(
                std::string(error.what()).find("is in flight on node n1 since ") !=
                std::string::npos
            );
        }
    }
    CHECK(
        database.text(
            "SELECT string_agg(r::text, ' ' ORDER BY number) FROM outpost_private.recipient r"
        ) == before
    );
    CHECK(
        database.act("hold", id, ", 'b@b.example'") == 1
    );  // the other recipient is not concerned
    CHECK(node.settle(deferred(claims[0])));
    CHECK(database.act("hold", id) == 1);
}

TEST_CASE("a message that is not there is an error") {
    Configured database;
    CHECK(database.refusal("SELECT outpost.hold(12345)") == "P0002");
}

TEST_CASE("transport and TLS set by hand hold for the next attempt") {
    Configured database;
    QueueNode node(database.settings);
    const MessageId id = node.enqueue(new_message({"a@a.example"}));
    CHECK(
        database.refusal(
            fmt::format("SELECT outpost.set_transport({}, 'smarthorst')", to_number(id))
        ) == "22023"
    );
    CHECK(database.act("set_transport", id, ", 'smarthost'") == 1);
    CHECK(database.act("set_require_tls", id, ", true") == 1);
    const auto claims = node.claim();
    REQUIRE(claims.size() == 1);
    CHECK(claims[0].transport_override == "smarthost");
    CHECK(claims[0].envelope->tls_wish == delivery::TlsWish::required);
}

TEST_CASE("the wish for TLS may be changed in flight: for the next attempt, and told to the nodes"
) {
    Configured database;
    QueueNode node(database.settings);
    const MessageId id = node.enqueue(new_message({"a@a.example", "b@b.example"}));
    const auto before = node.claim(1);
    REQUIRE(before.size() == 1);
    const auto wish = [&] {
        return database.text(
            "SELECT coalesce(require_tls::text, 'default') || coalesce(' by ' || require_tls_by, "
            "'')"
            " FROM outpost.messages"
        );
    };
    const std::string me = database.text("SELECT session_user");
    CHECK(wish() == "default");
    CHECK(database.act("set_require_tls", id, ", false") == 2);
    CHECK(wish() == "false by " + me);
    CHECK(database.act("set_require_tls", id, ", NULL") == 2);
    CHECK(wish() == "default by " + me);

    std::promise<void> listening;
    std::promise<std::string> told;
    const db::Listener listener(database.settings, "outpost_tls", [&](const std::string& change) {
        change.empty() ? listening.set_value() : told.set_value(change);
    });
    listening.get_future().get();
    CHECK(database.act("set_require_tls", id, ", true") == 2);
    CHECK(told.get_future().get() == fmt::format("{} yes", to_number(id)));
    CHECK(
        database.number("SELECT count(*) FROM outpost.messages "
                        "WHERE require_tls_at > now() - interval '1 minute'") == 1
    );
    const auto after = node.claim();
    REQUIRE(after.size() == 1);
    CHECK(before[0].envelope->tls_wish == delivery::TlsWish::standard);
    CHECK(after[0].envelope->tls_wish == delivery::TlsWish::required);

    node.settle(delivered(before[0]));
    node.settle(delivered(after[0]));
    CHECK(database.act("set_require_tls", id, ", false") == 0);
    CHECK(wish() == "true by " + me);  // what was delivered keeps the wish it was delivered with
    CHECK(database.refusal("SELECT outpost.set_require_tls(12345, true)") == "P0002");
}

TEST_CASE("a change of a wish for TLS is read as the database tells it, and no otherwise") {
    const auto yes = queue::TlsChange::parse("1000 yes");
    REQUIRE(yes.has_value());
    CHECK(yes->message == MessageId{1000});
    CHECK(yes->wish == delivery::TlsWish::required);
    CHECK(queue::TlsChange::parse("7 no")->wish == delivery::TlsWish::not_required);
    CHECK(queue::TlsChange::parse("7 default")->wish == delivery::TlsWish::standard);
    for (const char* text : {"", "7", "7 maybe", "yes", "7  yes", "99999999999999999999 yes"}) {
        CAPTURE(std::string(text));
        CHECK_FALSE(queue::TlsChange::parse(text).has_value());
    }
}

TEST_CASE("a message failed by hand bounces; a dropped one does not") {
    Configured database;
    QueueNode node(database.settings);
    const MessageId failing = node.enqueue(new_message({"a@a.example"}));
    const MessageId dropping = node.enqueue(new_message({"b@b.example"}));
    CHECK(database.act("drop", dropping) == 1);
    CHECK(database.recipient("state", "b@b.example") == "dropped");
    CHECK_FALSE(queue::write_one_report(database.session, reporting));
    CHECK(database.act("fail", failing, ", reason => 'the address was a typo'") == 1);
    CHECK(
        database.number("SELECT count(*) FROM outpost_private.content") == 1
    );  // the report may want it
    CHECK(queue::write_one_report(database.session, reporting));
    CHECK_FALSE(queue::write_one_report(database.session, reporting));

    const auto claims = node.claim();
    REQUIRE(claims.size() == 1);
    CHECK(claims[0].envelope->mail_from.is_null());
    CHECK(claims[0].recipient.address.wire() == "orders@shop.example");
    CHECK(claims[0].recipient.notify.never);
    const auto report = node.run(node.store.load(claims[0].key.message));
    std::string text;
    for (const auto& chunk : report->body.held()->body())
        text += chunk;
    CHECK(text.find("Final-Recipient: rfc822;a@a.example") != std::string::npos);
    CHECK(text.find("Status: 5.7.0") != std::string::npos);
    CHECK(text.find("the address was a typo") != std::string::npos);
    CHECK(
        database.number("SELECT DISTINCT message_id FROM outpost_private.content") ==
        to_number(claims[0].key.message)
    );
}

TEST_CASE(
    "one report tells of all recipients of a message that failed; a null sender is told nothing"
) {
    Configured database;
    QueueNode node(database.settings);
    node.enqueue(new_message({"a@a.example", "b@b.example", "c@c.example"}));
    for (const auto& claim : node.claim()) {
        const bool good = claim.key.number == 3;
        queue::Settled settled = good ? delivered(claim) : failed(claim);
        settled.report = good ? queue::Report::none : queue::Report::failed;
        node.settle(settled);
    }
    while (queue::write_one_report(database.session, reporting)) {
    }
    auto claims = node.claim();
    REQUIRE(claims.size() == 1);
    const auto report = node.run(node.store.load(claims[0].key.message));
    std::string text;
    for (const auto& chunk : report->body.held()->body())
        text += chunk;
    CHECK(text.find("a@a.example") != std::string::npos);
    CHECK(text.find("b@b.example") != std::string::npos);
    CHECK(text.find("c@c.example") == std::string::npos);
    CHECK(text.find("no such user") != std::string::npos);

    node.settle(failed(claims[0]));
    CHECK_FALSE(queue::write_one_report(database.session, reporting));
    CHECK(
        database.text("SELECT address || ' ' || reply FROM outpost.double_bounces")
            .find("orders@shop.example 550 ") == 0
    );
    CHECK(database.number("SELECT count(*) FROM outpost.double_bounces") == 1);
    CHECK(database.number("SELECT count(*) FROM outpost_private.content") == 0);
}

TEST_CASE("the report on a message with REQUIRETLS asks for it too, and returns the header alone") {
    Configured database;
    QueueNode node(database.settings);
    for (const bool required : {true, false}) {
        CAPTURE(required);
        auto message = new_message({"a@a.example"}, "confidential\r\n");
        if (required) message.tls_wish = delivery::TlsWish::required;
        message.ret = delivery::Ret::full;
        node.enqueue(message);
        queue::Settled settled = failed(node.claim().at(0));
        settled.report = queue::Report::failed;
        node.settle(settled);
        CHECK(queue::write_one_report(database.session, reporting));
        const auto claims = node.claim();
        REQUIRE(claims.size() == 1);
        const auto& envelope = *claims[0].envelope;
        CHECK(envelope.mail_from.is_null());
        CHECK((envelope.tls_wish == delivery::TlsWish::required) == required);
        CHECK((envelope.ret == delivery::Ret::headers) == required);
        const auto report = node.run(node.store.load(claims[0].key.message));
        std::string text;
        for (const auto& chunk : report->body.held()->body())
            text += chunk;
        CHECK(text.find("Subject: test") != std::string::npos);
        CHECK((text.find("confidential") == std::string::npos) == required);
        CHECK((text.find("text/rfc822-headers") != std::string::npos) == required);
        node.settle(delivered(claims[0]));
    }
}

TEST_CASE("the report on a message with TLS-Required: No goes its way as any other") {
    Configured database;
    QueueNode node(database.settings);
    auto message = new_message({"a@a.example"});
    message.tls_wish = delivery::TlsWish::not_required;
    node.enqueue(message);
    queue::Settled settled = failed(node.claim().at(0));
    settled.report = queue::Report::failed;
    node.settle(settled);
    CHECK(queue::write_one_report(database.session, reporting));
    CHECK(node.claim().at(0).envelope->tls_wish == delivery::TlsWish::standard);
}

TEST_CASE("a delay is reported while the message goes on waiting, once") {
    Configured database;
    QueueNode node(database.settings);
    const MessageId id = node.enqueue(new_message({"a@a.example"}));
    queue::Settled settled = deferred(node.claim().at(0));
    settled.report = queue::Report::delayed;
    node.settle(settled);
    CHECK(queue::write_one_report(database.session, reporting));
    const auto report = node.claim();
    REQUIRE(report.size() == 1);
    node.settle(delivered(report[0]));
    CHECK(database.recipient("state", "a@a.example") == "queued");
    database.act("retry_now", id);
    const auto again = node.claim();
    REQUIRE(again.size() == 1);
    CHECK(again[0].warned);
    CHECK(node.run(node.store.load(id))->body.held()->body().size() == 1);
}

TEST_CASE("readers see the views and no content; they may not act") {
    Configured database;
    QueueNode node(database.settings);
    node.enqueue(new_message({"a@a.example"}, "confidential\r\n"));
    database.sql("CREATE ROLE unit_reader IN ROLE outpost_reader");
    database.sql("SET ROLE unit_reader");
    const char* const views[] = {"messages",       "recipients",     "queue",  "uncertain",
                                 "attempts",       "domains",        "nodes",  "accounts",
                                 "double_bounces", "configurations", "totals", "history",
                                 "tags",           "busiest_domains"};
    for (const char* view : views) {
        CAPTURE(std::string(view));
        CHECK(
            database
                .text(fmt::format(
                    "SELECT coalesce(string_agg(v::text, ''), '') FROM outpost.{} v", view
                ))
                .find("onfidential") == std::string::npos
        );
    }
    for (const char* table : {"message", "content", "recipient", "attempt", "account"}) {
        CAPTURE(std::string(table));
        CHECK(database.refusal(fmt::format("SELECT * FROM outpost_private.{}", table)) == "42501");
    }
    CHECK(database.refusal("SELECT outpost.hold(1)") == "42501");
    CHECK(
        database.refusal(
            "SELECT outpost.enqueue('shop', 'a@shop.example', ARRAY['a@b.example'], 'x')"
        ) == "42501"
    );
    database.sql("RESET ROLE; DROP OWNED BY unit_reader; DROP ROLE unit_reader");
}

TEST_CASE("every view, column and function is described") {
    QueueDatabase database;
    CHECK(
        database.text(
            "SELECT coalesce(string_agg(c.relname || '.' || coalesce(a.attname, ''), ', '), '') "
            "FROM pg_class c "
            "JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 WHERE c.relnamespace = "
            "'outpost'::regnamespace AND c.relkind = 'v' "
            "AND (col_description(c.oid, a.attnum) IS NULL OR obj_description(c.oid) IS NULL)"
        ) == ""
    );
    CHECK(
        database.text("SELECT coalesce(string_agg(p.proname, ', '), '') FROM pg_proc p WHERE "
                      "p.pronamespace = 'outpost'::regnamespace "
                      "AND obj_description(p.oid) IS NULL") == ""
    );
}

TEST_CASE("what finished long ago is deleted, message by message; attempts have a time of their own"
) {
    Configured database;
    QueueNode node(database.settings);
    node.enqueue(new_message({"a@a.example", "b@b.example"}));
    const auto claims = node.claim();
    REQUIRE(claims.size() == 2);
    node.settle(delivered(claims[0]));
    using namespace std::chrono_literals;
    CHECK_FALSE(queue::expire(database.session, 0s));
    CHECK(database.number("SELECT count(*) FROM outpost.recipients") == 1);
    CHECK(database.number("SELECT count(*) FROM outpost.messages") == 1);
    CHECK(database.number("SELECT count(*) FROM outpost_private.content") == 1);
    node.settle(delivered(claims[1]));
    CHECK_FALSE(queue::expire(database.session, 1h));
    CHECK(database.number("SELECT count(*) FROM outpost.messages") == 1);
    queue::expire(database.session, 0s);
    CHECK(database.number("SELECT count(*) FROM outpost.messages") == 0);
    CHECK(database.number("SELECT count(*) FROM outpost.nodes") == 1);
    queue::expire_history(database.session, 1h);
    CHECK(database.number("SELECT count(*) FROM outpost.attempts") == 2);
    queue::expire_history(database.session, 0s);
    CHECK(database.number("SELECT count(*) FROM outpost.attempts") == 0);
}
