// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <chrono>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "core/delivery/queue/bounces.hpp"
#include "core/delivery/queue/reports.hpp"
#include "core/delivery/queue/suppressions_pg.hpp"
#include "core/foundation/database/listener.hpp"
#include "core/mail/dsn/suppression.hpp"
#include "core/mail/message/address.hpp"
#include "queue_lab.hpp"

using namespace outpost;
using namespace outpost::test;

namespace {

/// A database with a message of account shop, whose second recipient is Jo.Doe+x@a.example.
struct BounceDatabase : QueueDatabase {
    BounceDatabase() {
        configure();
        message = text(
            "SELECT outpost.enqueue('shop', 'a@shop.example', "
            "ARRAY['b@a.example', 'Jo.Doe+x@a.example'], E'From: a@shop.example\\n\\nhello\\n')"
        );
    }
    std::string note(const std::string& action, const std::string& suppress_for = "NULL") {
        return text(fmt::format(
            "SELECT outpost_private.note_bounce({}, 2, '{}', '5.1.1', '550 5.1.1 gone', "
            "'mx.a.example', "
            "'mx.b.example', {})",
            message, action, suppress_for
        ));
    }
    std::string suppressions(const std::string& columns = "address") {
        return text(fmt::format(
            "SELECT coalesce(string_agg(concat_ws(' ', {}), ', ' ORDER BY key), '') FROM "
            "outpost.suppressions",
            columns
        ));
    }
    /// As if the remote had taken it.
    void deliver(const std::string& state = "delivered") {
        sql("UPDATE outpost_private.recipient SET state = '" + state +
            "', finished_at = now(), next_attempt_at = NULL, last_remote_host = 'mx.a.example'");
        sql("SELECT outpost_private.free_content(ARRAY[" + message + "])");
    }
    void wish(const std::string& notify) {
        sql("UPDATE outpost_private.recipient SET notify = '" + notify + "'");
    }
    bool write_report() {
        return queue::write_one_report(session, {"mail.shop.example", {}, 1 << 20});
    }
    /// Sender of a report, to whom it goes, header and body.
    std::string last_report() {
        return text(
            "SELECT concat('from <', m.mail_from, '> to ', r.address, E'\\n', "
            "convert_from(m.header, 'UTF8'), (SELECT string_agg(convert_from(c.data, 'UTF8'), '' "
            "ORDER BY seq) FROM outpost_private.content c WHERE c.message_id = m.id)) "
            "FROM outpost_private.message m JOIN outpost_private.recipient r ON r.message_id = "
            "m.id "
            "WHERE m.source = 'dsn' ORDER BY m.id DESC LIMIT 1"
        );
    }
    std::int64_t reports() {
        return number("SELECT count(*) FROM outpost.messages WHERE source = 'dsn'");
    }
    std::string message;
};

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

const std::string a_month = "interval '30 days'";

}  // namespace

TEST_CASE("SQL and the server compare addresses in the same form") {
    QueueDatabase database;
    for (const char* address :
         {"john@example.org", "John.Doe+shop-x@EXAMPLE.org", "a-b+c@example.org",
          "+tag@example.org", "-x@example.org", "a+@example.org", "--@example.org",
          "a--b@example.org", "+a-b@example.org", "\"a b\"@example.org", "\"a\\\"+b\"@example.org",
          "\".\"@example.org", "\"x\\\\y\"@example.org", "GRÜSSE.Ü@example.org", "A@[192.0.2.1]",
          "A@[IPv6:2001:DB8:0::1]"}) {
        CAPTURE(std::string(address));
        const auto key = database.text(fmt::format(
            "SELECT outpost_private.suppression_key(a, outpost_private.address_domain(a, "
            "'recipient')) "
            "FROM (VALUES ($${}$$)) AS v(a)",
            address
        ));
        CHECK(key == dsn::suppression_key(mail::Address::parse(address).value()));
    }
}

TEST_CASE("people suppress an address with all of its mailbox, and take it out by any") {
    QueueDatabase database;
    database.sql("SELECT outpost.suppress('Jo.Doe+x@a.example', now() + interval '1 day', 'asked')"
    );
    database.sql("SELECT outpost.suppress('jodoe@A.example', NULL, 'asked again')");
    CHECK(
        database.text("SELECT concat_ws(' ', address, domain, reason, until IS NULL, in_force, "
                      "suppressed_by = session_user, key) FROM outpost.suppressions"
        ) == "jodoe@a.example a.example asked again t t t jodoe@a.example"
    );
    CHECK(database.text("SELECT outpost.unsuppress('j.odoe-list@a.example')") == "t");
    CHECK(database.text("SELECT outpost.unsuppress('jodoe@a.example')") == "f");
    CHECK(database.number("SELECT count(*) FROM outpost.suppressions") == 0);
}

TEST_CASE("what is no address, or has ended already, cannot be suppressed") {
    QueueDatabase database;
    for (const char* call :
         {"suppress('nobody')", "suppress(NULL)", "suppress('a@b@')", "unsuppress('nobody')",
          "suppress('a@a.example', now() - interval '1 second')"})
        CHECK(database.refusal(fmt::format("SELECT outpost.{}", call)) == "22023");
}

TEST_CASE("a bounce is noted once for each action, with how often it came") {
    BounceDatabase database;
    CHECK(database.note("delayed") == "t");
    CHECK(
        database.text("SELECT received_at = first_received_at FROM outpost.bounces") == "t"
    );  // one reading of the clock
    CHECK(database.note("failed") == "t");
    CHECK(database.note("failed") == "t");
    CHECK(
        database.text("SELECT string_agg(concat_ws(' ', number, address, domain, account, action, "
                      "status, times, received_at > first_received_at), ', ' ORDER BY action) "
                      "FROM outpost.bounces") ==
        "2 Jo.Doe+x@a.example a.example shop delayed 5.1.1 1 f, "
        "2 Jo.Doe+x@a.example a.example shop failed 5.1.1 2 t"
    );
    CHECK(database.suppressions().empty());
}

TEST_CASE("a bounce of a recipient that is not known leaves no trace") {
    BounceDatabase database;
    CHECK(
        database.text(
            "SELECT outpost_private.note_bounce(7, 1, 'failed', '5.1.1', '', '', '', " + a_month +
            ")"
        ) == "f"
    );
    CHECK(database.number("SELECT count(*) FROM outpost.bounces") == 0);
    CHECK(database.suppressions().empty());
}

TEST_CASE("a bounce suppresses the address that mail was sent to, and says why") {
    BounceDatabase database;
    database.note("failed", a_month);
    CHECK(
        database.suppressions("address, reason, message_id, number, suppressed_by = '', in_force"
        ) == "Jo.Doe+x@a.example 550 5.1.1 gone " + database.message + " 2 t t"
    );
}

TEST_CASE("a bounce lengthens a suppression and never shortens one") {
    BounceDatabase database;
    database.sql("SELECT outpost.suppress('jodoe@a.example', now() + interval '1 day', 'a day')");
    database.note("failed", a_month);
    CHECK(database.suppressions("reason") == "550 5.1.1 gone");
    database.sql("SELECT outpost.suppress('jodoe@a.example', now() + interval '1 year', 'a year')");
    database.note("failed", a_month);
    CHECK(database.suppressions("reason") == "a year");
    database.sql("SELECT outpost.suppress('jodoe@a.example', NULL, 'for good')");
    database.note("failed", a_month);
    CHECK(database.suppressions("reason, until IS NULL") == "for good t");
}

TEST_CASE("suppressions that have ended and old bounces are deleted") {
    BounceDatabase database;
    database.note("failed", a_month);
    database.sql("SELECT outpost.suppress('for.good@a.example')");
    const std::string expire = "SELECT outpost_private.expire_bounces('30 days', 1000)";
    CHECK(database.number(expire) == 0);
    database.sql(
        "UPDATE outpost_private.suppression SET until = now() - interval '1 second' "
        "WHERE until IS NOT NULL"
    );
    CHECK(
        database.suppressions("address, in_force") == "for.good@a.example t, Jo.Doe+x@a.example f"
    );
    CHECK(database.number(expire) == 1);
    CHECK(database.suppressions() == "for.good@a.example");
    database.sql("UPDATE outpost_private.bounce SET received_at = now() - interval '31 days'");
    CHECK(database.number(expire) == 1);
    CHECK(database.number("SELECT count(*) FROM outpost.bounces") == 0);
}

TEST_CASE("readers see bounces and suppressions; only operators suppress") {
    BounceDatabase database;
    const std::string suppress = "SELECT outpost.suppress('a@a.example')";
    database.sql("SET ROLE outpost_reader");
    for (const char* view : {"bounces", "suppressions"})
        CHECK(database.refusal(fmt::format("SELECT * FROM outpost.{}", view)).empty());
    CHECK(database.refusal(suppress) == "42501");
    database.sql("SET ROLE outpost_submitter");
    for (const char* view : {"bounces", "suppressions"})
        CHECK(database.refusal(fmt::format("SELECT * FROM outpost.{}", view)) == "42501");
    database.sql("SET ROLE outpost_operator");
    CHECK(database.refusal(suppress).empty());
    CHECK(database.refusal("SELECT outpost.unsuppress('a@a.example')").empty());
    for (const char* table : {"bounce", "suppression"})
        CHECK(database.refusal(fmt::format("SELECT * FROM outpost_private.{}", table)) == "42501");
    database.sql("RESET ROLE");
}

TEST_CASE("the sender is told of a bounce by a report of ours, once of each action") {
    BounceDatabase database;
    database.deliver();
    CHECK_FALSE(database.write_report());
    database.note("failed");
    database.note("failed");
    CHECK(database.write_report());
    CHECK_FALSE(database.write_report());
    const auto report = database.last_report();
    CAPTURE(report);
    CHECK(contains(report, "from <> to a@shop.example"));
    CHECK(contains(report, "Final-Recipient: rfc822;Jo.Doe+x@a.example"));
    CHECK(contains(report, "Action: failed"));
    CHECK(contains(report, "Status: 5.1.1"));
    CHECK(contains(report, "Remote-MTA: dns;mx.a.example"));
    CHECK(contains(report, "Diagnostic-Code: smtp; 550 5.1.1 gone"));
    CHECK(contains(
        report, "mx.a.example had accepted the message, and mx.b.example has reported this later"
    ));
    CHECK_FALSE(contains(report, "b@a.example\r\n  The message"));
    database.note("failed");
    CHECK_FALSE(database.write_report());
    CHECK(database.text("SELECT reported_at IS NOT NULL FROM outpost.bounces") == "t");
}

TEST_CASE("a bounce that is faster than our own record of the delivery waits for it") {
    BounceDatabase database;
    database.note("failed");
    CHECK_FALSE(database.write_report());
    database.deliver();
    CHECK(database.write_report());
}

TEST_CASE("who hears of a failure in another way hears of no bounce") {
    BounceDatabase database;
    database.note("failed");
    for (const char* state : {"failed", "dropped"}) {
        database.deliver(state);
        CHECK_FALSE(database.write_report());
    }
}

TEST_CASE("a bounce is told as the sender wished to be told") {
    BounceDatabase database;
    database.deliver();
    struct Case {
        const char *notify, *action;
        bool told;
    };
    for (const auto& [notify, action, told] : std::vector<Case>{
             {"", "failed", true},
             {"", "delayed", true},
             {"", "delivered", false},
             {"", "unrecognised", false},
             {"NEVER", "failed", false},
             {"NEVER", "delayed", false},
             {"SUCCESS", "failed", false},
             {"SUCCESS", "delivered", true},
             {"SUCCESS", "relayed", true},
             {"SUCCESS", "expanded", true},
             {"FAILURE", "failed", true},
             {"FAILURE", "delayed", false},
             {"FAILURE,DELAY", "delayed", true},
         }) {
        CAPTURE(notify);
        CAPTURE(action);
        database.sql("DELETE FROM outpost_private.bounce");
        database.wish(notify);
        database.note(action);
        CHECK(database.write_report() == told);
        if (told) CHECK(contains(database.last_report(), std::string("Action: ") + action));
    }
}

TEST_CASE("a report of a delay at others names no time that they did not name") {
    BounceDatabase database;
    database.deliver();
    database.note("delayed");
    CHECK(database.write_report());
    const auto report = database.last_report();
    CHECK_FALSE(contains(report, "Will-Retry-Until"));
    CHECK_FALSE(contains(report, "1970"));
}

TEST_CASE("nobody is told of what comes back of mail without a sender") {
    BounceDatabase database;
    database.sql("UPDATE outpost_private.message SET mail_from = ''");
    database.deliver();
    database.note("failed");
    CHECK_FALSE(database.write_report());
    CHECK(database.reports() == 0);
    CHECK(database.number("SELECT count(*) FROM outpost.double_bounces") == 0);
}

TEST_CASE("the whole message goes back only while its body is there") {
    BounceDatabase database;
    database.sql("UPDATE outpost_private.message SET ret = 'full'");
    database.sql(
        "UPDATE outpost_private.recipient SET state = 'delivered', finished_at = now(), "
        "next_attempt_at = NULL WHERE number = 2"
    );
    database.note("failed");
    CHECK(database.write_report());
    CHECK(contains(database.last_report(), "\r\n\r\nhello"));
    database.deliver();
    database.note("delayed");
    CHECK(database.write_report());
    CHECK_FALSE(contains(database.last_report(), "\r\n\r\nhello"));
}

TEST_CASE("a recipient that came back says so in the views") {
    BounceDatabase database;
    database.deliver();
    database.note("delayed");
    CHECK(database.recipient("bounced_at", "Jo.Doe+x@a.example").empty());
    database.note("failed");
    CHECK(
        database.recipient(
            "concat_ws(' ', state, bounce_status, bounce_reply)", "Jo.Doe+x@a.example"
        ) == "delivered 5.1.1 550 5.1.1 gone"
    );
    CHECK(database.recipient("bounced_at", "b@a.example").empty());
    CHECK(
        database.text("SELECT string_agg(concat_ws(' ', number, bounced_at IS NOT NULL, "
                      "bounce_reply), ', ' ORDER BY number) FROM outpost.history "
                      "WHERE address IN ('b@a.example', 'Jo.Doe+x@a.example')"
        ) == "1 f, 2 t 550 5.1.1 gone"
    );
}

TEST_CASE("an outcome suppresses the address when it says for how long") {
    QueueDatabase database;
    database.configure();
    QueueNode node(database.settings);
    node.enqueue(new_message({"A@a.example", "a+x@a.example", "b@a.example", "c@a.example"}));
    auto claims = node.claim();
    REQUIRE(claims.size() == 4);
    std::vector<queue::Settled> outcomes;
    for (const auto& claim : claims) {
        outcomes.push_back(failed(claim));
        if (claim.key.number != 3) outcomes.back().suppress_for = std::chrono::hours(1);
    }
    node.run(node.store.settle(std::move(outcomes)));
    CHECK(
        database.text("SELECT string_agg(concat_ws(' ', key, reason, suppressed_by = '', "
                      "until > now()), ', ' ORDER BY key) FROM outpost.suppressions"
        ) == "a@a.example 550 5.1.1 no such user t t, c@a.example 550 5.1.1 no such user t t"
    );
}

TEST_CASE("a node knows from memory whom it need not ask about, and asks about the others") {
    QueueDatabase database;
    QueueNode node(database.settings);
    queue::PgSuppressions suppressions(node.pool);
    const auto find = [&](const char* who) { return node.run(suppressions.find(address(who))); };
    const auto may_hold = [&](const char* who) { return suppressions.may_hold(address(who)); };

    database.sql("SELECT outpost.suppress('old@a.example', NULL, 'asked')");
    CHECK_FALSE(may_hold("old@a.example"));
    suppressions.refresh(database.session);
    CHECK(may_hold("O.ld+x@A.example"));
    CHECK_FALSE(may_hold("old@b.example"));
    const auto found = find("O.ld+x@A.example");
    REQUIRE(found);
    CHECK(found->reason == "asked");
    CHECK_FALSE(found->until);
    CHECK(contains(found->words(), ": asked"));
    CHECK_FALSE(find("old@b.example"));

    // As NOTIFY tells it; the next reading is minutes away.
    database.sql("SELECT outpost.suppress('new@a.example', now() + interval '1 hour')");
    suppressions.refresh(database.session);
    CHECK_FALSE(may_hold("new@a.example"));
    suppressions.changed("new@a.example");
    CHECK(may_hold("new@a.example"));
    CHECK(find("new@a.example")->until);

    // What is taken out or has ended is asked about in vain.
    database.sql("SELECT outpost.unsuppress('old@a.example')");
    database.sql("UPDATE outpost_private.suppression SET until = now() - interval '1 second'");
    CHECK(may_hold("old@a.example"));
    CHECK_FALSE(find("old@a.example"));
    CHECK_FALSE(find("new@a.example"));
}

TEST_CASE("many suppressions are read page by page") {
    QueueDatabase database;
    QueueNode node(database.settings);
    queue::PgSuppressions suppressions(node.pool);
    database.sql(
        "INSERT INTO outpost_private.suppression (key, address, domain, reason, suppressed_by) "
        "SELECT n || '@a.example', n || '@a.example', 'a.example', '', '' "
        "FROM generate_series(1, 20001) n"
    );
    suppressions.refresh(database.session);
    int held = 0;
    for (int n = 1; n <= 20001; ++n)
        held += suppressions.may_hold(address(std::to_string(n) + "@a.example"));
    CHECK(held == 20001);
    CHECK_FALSE(suppressions.may_hold(address("20002@a.example")));
}

TEST_CASE("nodes hear of each key that is suppressed") {
    QueueDatabase database;
    std::mutex mutex;
    std::vector<std::string> heard;
    db::Listener listener(database.settings, "outpost_suppression", [&](const std::string& key) {
        const std::lock_guard lock(mutex);
        heard.push_back(key);
    });
    const auto wait_for = [&](std::size_t count) {
        return soon([&] {
            const std::lock_guard lock(mutex);
            return heard.size() >= count;
        });
    };
    REQUIRE(wait_for(1));  // the connect itself
    database.sql("SELECT outpost.suppress('A.b+c@a.example')");
    REQUIRE(wait_for(2));
    CHECK(heard.back() == "ab@a.example");
}

TEST_CASE("a bounce is noted as its report tells it") {
    BounceDatabase database;
    QueueNode node(database.settings);
    queue::PgBounces bounces(node.pool);
    queue::Bounce bounce;
    bounce.recipient = {MessageId{std::stoll(database.message)}, 1};
    bounce.report.action = dsn::Action::failed;
    bounce.report.status = smtp::EnhancedStatus{5, 2, 1};
    bounce.report.diagnostic = "550 5.2.1 disabled";
    bounce.reporting_mta = "mx.b.example";
    bounce.suppress_for = std::chrono::hours(24);
    CHECK(node.run(bounces.note(bounce)));
    CHECK(
        database.text("SELECT concat_ws(' ', address, action, status, diagnostic, reporting_mta) "
                      "FROM outpost.bounces"
        ) == "b@a.example failed 5.2.1 550 5.2.1 disabled mx.b.example"
    );
    CHECK(database.suppressions() == "b@a.example");
    bounce.recipient.number = 3;
    CHECK_FALSE(node.run(bounces.note(bounce)));
    CHECK_FALSE(queue::expire_bounces(database.session, std::chrono::hours(1)));
}
