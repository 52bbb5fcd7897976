// SPDX-License-Identifier: Apache-2.0
// A database of release 0.1 with mail in it: nothing is lost, and it goes on.
#include <doctest/doctest.h>

#include <map>

#include "tests/support/schema_texts.hpp"
#include "tests/unit/delivery/queue/queue_lab.hpp"

using namespace outpost;

namespace {

/// Made by the twenty steps of 0.1, with mail in all states.
struct OldQueue {
    OldQueue() : settings(test::fresh_database()), session(settings) {
        test::make_0_1(session);
        session.exec_script(mail);
    }

    std::string text(const std::string& statement) {
        return session.exec_script(statement).at(0).text(0);
    }
    std::string state(const std::string& address) {
        return text("SELECT state FROM outpost.recipients WHERE address = '" + address + "'");
    }
    std::vector<std::string> tables() {
        std::vector<std::string> names;
        for (const auto row : session.exec_script(
                 "SELECT relname FROM pg_class WHERE relnamespace = 'outpost_private'::regnamespace"
                 " AND relkind = 'r' AND relname NOT IN ('migration', 'schema_object')"
             ))
            names.push_back(row.text(0));
        return names;
    }
    /// Of each table a digest of all its rows.
    std::map<std::string, std::string> contents() {
        std::map<std::string, std::string> all;
        for (const std::string& table : tables())
            all[table] = text(
                "SELECT count(*) || ' ' || md5(coalesce(string_agg(t::text, ',' ORDER BY t::text), "
                "'')) FROM outpost_private." +
                table + " t"
            );
        return all;
    }

    static constexpr const char* mail = R"(
        INSERT INTO outpost_private.account VALUES ('shop', '{}', '{shop.example}', false);
        INSERT INTO outpost_private.transport VALUES ('direct'), ('smarthost');
        INSERT INTO outpost_private.configuration VALUES ('v0', 'n0');
        INSERT INTO outpost_private.node (name, hostname, program, config_version, lease_until)
        VALUES ('n0', 'n0.example', '0.1', 'v0', clock_timestamp() - interval '1 minute');

        CREATE FUNCTION pg_temp.send(local_part text, options jsonb DEFAULT '{}') RETURNS bigint
        LANGUAGE sql AS $$
            SELECT outpost.enqueue('shop', 'orders@shop.example', ARRAY[local_part || '@example.net'],
                convert_to(E'Subject: an order\n\n' || repeat(E'All is well.\n', 1000), 'UTF8'), options)
        $$;
        SELECT pg_temp.send('queued', '{"tag": "orders", "require_tls": true, "idempotency_key": "k1"}');
        SELECT pg_temp.send('later', '{"hold_for": "1 day"}');
        SELECT outpost.hold(pg_temp.send('held'), reason => 'until Monday');
        SELECT outpost.fail(pg_temp.send('failed'), reason => 'no longer wanted');
        SELECT pg_temp.send(who) FROM unnest(ARRAY['delivered', 'leased', 'uncertain']) AS who;
        UPDATE outpost_private.recipient SET state = 'delivered', finished_at = clock_timestamp(), attempts = 1,
            next_attempt_at = NULL, last_attempt_at = clock_timestamp(), last_status = '2.0.0', last_reply = 'taken'
        WHERE address = 'delivered@example.net';
        UPDATE outpost_private.recipient SET state = 'leased', attempts = 1, lease_node = 1, leased_at = clock_timestamp(),
            next_attempt_at = NULL, lease_token = nextval('outpost_private.lease_token')
        WHERE address ~ '^(leased|uncertain)';
        UPDATE outpost_private.recipient SET stage = 'final_dot', on_uncertain = 'hold' WHERE address ~ '^uncertain';
        INSERT INTO outpost_private.attempt SELECT message_id, number, 1, clock_timestamp(), 0.5, 'n0', 'global', 1, 'all',
            'no condition', 'direct', 'mx.example.net', '192.0.2.1', 25, 'TLSv1.3', 'TLS_AES_256_GCM_SHA384', true, '', 'reply',
            'delivered', '', 250, '2.0.0', 'taken', 'v0', '', 'dane', 'verified'
        FROM outpost_private.recipient WHERE state = 'delivered';
        SELECT outpost_private.note_bounce(message_id, number, 'failed', '5.1.1', 'no such user', 'mx.example.net',
            'mx.example.net', interval '1 month') FROM outpost_private.recipient WHERE state = 'delivered';
        SELECT outpost.suppress('Gone+shop@example.org', reason => 'has left');
        SELECT outpost.suppress_tls_reports('reports@example.org');
        SELECT outpost.mta_sts_refresh('example.org');
        INSERT INTO outpost_private.double_bounce VALUES (1, 1, 'a@example.net', '5.0.0', 'no');
        INSERT INTO outpost_private.tls_result (day, policy_domain, recipient_domain, of_host, policy_hash, policy_type,
            policy_strings, mx_hosts, successes, failures, send_report)
        VALUES ('2026-11-30', 'example.net', 'example.net', false, '\x00', 'no-policy-found', '{}', '{}', 3, 1, true);
        INSERT INTO outpost_private.tls_failure VALUES (1, '\x00', 'certificate-expired', '', '', '', '', '', '', 1);
        INSERT INTO outpost_private.domain_ability (account, domain, starttls, last_attempt_at)
        VALUES ('shop', 'example.net', ROW(true, clock_timestamp(), clock_timestamp())::outpost_private.sighting, clock_timestamp());
    )";

    db::Settings settings;
    db::Session session;
};

}  // namespace

TEST_CASE("every row of a database of release 0.1 is there after the upgrade") {
    OldQueue old;
    const auto before = old.contents();
    CHECK(before.size() > 20);
    CHECK(before.at("recipient").starts_with("7 "));
    CHECK(before.at("attempt").starts_with("1 "));
    CHECK(before.at("suppression").starts_with("2 "));
    const auto done = db::migrate(old.session);
    CHECK(done.from_0_1);
    CHECK(old.contents() == before);
    // Ids and tokens go on where they were.
    CHECK(old.text("SELECT last_value FROM outpost_private.message_block") == "7");
    CHECK(old.text("SELECT last_value FROM outpost_private.lease_token") == "2");

    db::Session fresh(test::fresh_database());
    db::migrate(fresh);
    CHECK(test::describe_schema(old.session) == test::describe_schema(fresh));
}

TEST_CASE("mail of release 0.1 is claimed, taken over and settled after the upgrade") {
    OldQueue old;
    db::migrate(old.session);
    test::QueueNode node(old.settings);

    const auto claims = node.claim();
    REQUIRE(claims.size() == 1);
    CHECK(claims[0].attempts == 1);
    CHECK(old.state("queued@example.net") == "leased");
    CHECK(node.settle(test::delivered(claims[0])));
    CHECK(old.state("queued@example.net") == "delivered");
    CHECK(old.text("SELECT count(*) FROM outpost.attempts") == "2");

    old.session.exec_script("SELECT outpost_private.take_over(interval '1 hour', 100)");
    CHECK(old.state("leased@example.net") == "queued");
    CHECK(old.state("uncertain@example.net") == "held");
    old.session.exec_script(
        "SELECT outpost.release(message_id) FROM outpost.queue WHERE hold_reason = 'until Monday'"
    );
    const auto more = node.claim();
    CHECK(more.size() == 2);
    for (const auto& claim : more)
        CHECK(node.settle(test::delivered(claim)));
    CHECK(old.state("held@example.net") == "delivered");

    CHECK(old.state("later@example.net") == "queued");
    CHECK(old.text("SELECT sum(recipients) FROM outpost.totals") == "2");
    CHECK(old.text("SELECT report FROM outpost.recipients WHERE state = 'failed'") == "failed");
    CHECK(
        old.text("SELECT bounce_reply FROM outpost.history WHERE address = 'delivered@example.net'"
        ) == "no such user"
    );
    // What repeats a key of 0.1 is the message of 0.1.
    CHECK(
        old.text("SELECT outpost.enqueue('shop', 'orders@shop.example', '{queued@example.net}', "
                 "E'Subject: an order\\n\\nagain\\n', '{\"idempotency_key\": \"k1\"}')") == "1000"
    );
    CHECK(
        old.text(
            "SELECT count(*) FROM outpost.suppressions WHERE in_force AND key = 'gone@example.org'"
        ) == "1"
    );
}
