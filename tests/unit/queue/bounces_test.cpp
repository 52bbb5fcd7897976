// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <string>

#include "core/bounce/suppression.hpp"
#include "core/mail/address.hpp"
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
    std::string note(const std::string& action, const std::string& suppress_until = "NULL") {
        return text(fmt::format(
            "SELECT outpost_private.note_bounce({}, 2, '{}', '5.1.1', '550 5.1.1 gone', "
            "'mx.a.example', "
            "'mx.b.example', {})",
            message, action, suppress_until
        ));
    }
    std::string suppressions(const std::string& columns = "address") {
        return text(fmt::format(
            "SELECT coalesce(string_agg(concat_ws(' ', {}), ', ' ORDER BY key), '') FROM "
            "outpost.suppressions",
            columns
        ));
    }
    std::string message;
};

const std::string in_a_month = "now() + interval '30 days'";

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
        CHECK(key == bounce::suppression_key(mail::Address::parse(address).value()));
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
            "SELECT outpost_private.note_bounce(7, 1, 'failed', '5.1.1', '', '', '', " +
            in_a_month + ")"
        ) == "f"
    );
    CHECK(database.number("SELECT count(*) FROM outpost.bounces") == 0);
    CHECK(database.suppressions().empty());
}

TEST_CASE("a bounce suppresses the address that mail was sent to, and says why") {
    BounceDatabase database;
    database.note("failed", in_a_month);
    CHECK(
        database.suppressions("address, reason, message_id, number, suppressed_by = '', in_force"
        ) == "Jo.Doe+x@a.example 550 5.1.1 gone " + database.message + " 2 t t"
    );
}

TEST_CASE("a bounce lengthens a suppression and never shortens one") {
    BounceDatabase database;
    database.sql("SELECT outpost.suppress('jodoe@a.example', now() + interval '1 day', 'a day')");
    database.note("failed", in_a_month);
    CHECK(database.suppressions("reason") == "550 5.1.1 gone");
    database.sql("SELECT outpost.suppress('jodoe@a.example', now() + interval '1 year', 'a year')");
    database.note("failed", in_a_month);
    CHECK(database.suppressions("reason") == "a year");
    database.sql("SELECT outpost.suppress('jodoe@a.example', NULL, 'for good')");
    database.note("failed", in_a_month);
    CHECK(database.suppressions("reason, until IS NULL") == "for good t");
}

TEST_CASE("suppressions that have ended and old bounces are deleted") {
    BounceDatabase database;
    database.note("failed", in_a_month);
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
