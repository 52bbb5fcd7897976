// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <chrono>

#include <fmt/format.h>

#include "tests/unit/delivery/queue/queue_lab.hpp"

using namespace outpost;
using namespace outpost::test;

namespace {

/// The call, with what a case does not care for filled in.
struct Call {
    std::string account = "'shop'";
    std::string from = "'orders@shop.example'";
    std::string to = "ARRAY['user@a.example']";
    std::string message = "convert_to(E'Subject: x\\n\\nHello\\n', 'UTF8')";
    std::string options = "'{}'";

    std::string text() const {
        return fmt::format(
            "SELECT outpost.enqueue({}, {}, {}, {}, {})", account, from, to, message, options
        );
    }
};

struct Configured : QueueDatabase {
    Configured() { configure(); }
    std::string header(std::int64_t id) {
        return text(fmt::format(
            "SELECT convert_from(header, 'LATIN1') FROM outpost_private.message WHERE id = {}", id
        ));
    }
    std::string body(std::int64_t id) {
        return text(fmt::format(
            "SELECT convert_from(string_agg(data, ''::bytea ORDER BY seq), 'LATIN1') FROM "
            "outpost_private.content WHERE message_id = {}",
            id
        ));
    }
};

}  // namespace

TEST_CASE("mail belongs to the caller's transaction: committed with it, rolled back with it") {
    Configured database;
    {
        db::Transaction transaction(database.session);
        database.sql(Call{}.text());
    }
    CHECK(database.number("SELECT count(*) FROM outpost.messages") == 0);
    std::int64_t id = 0;
    {
        db::Transaction transaction(database.session);
        id = database.number(Call{}.text());
        transaction.commit();
    }
    QueueNode node(database.settings);
    const auto claims = node.claim();
    REQUIRE(claims.size() == 1);
    CHECK(to_number(claims[0].key.message) == id);
    CHECK(claims[0].recipient.address.wire() == "user@a.example");
    CHECK(node.run(node.store.load(MessageId{id}))->body.held()->body().at(0) == "Hello\r\n");
    CHECK(node.settle(delivered(claims[0])));
}

TEST_CASE("the message is completed as a submission server does") {
    Configured database;
    Call call;
    call.message =
        "convert_to(E'Subject: x\\nBcc: secret@b.example,\\n more@b.example\\nTo: "
        "a@b\\n\\n.\\nline\\r\\n\\nend', 'UTF8')";
    const std::int64_t id = database.number(call.text());
    const std::string header = database.header(id);
    CAPTURE(header);
    CHECK(header.starts_with("Received: by "));
    CHECK(header.find(" with SQL id " + std::to_string(id)) != std::string::npos);
    CHECK(header.find("\r\nMessage-ID: <") != std::string::npos);
    CHECK(header.find("\r\nDate: ") != std::string::npos);
    CHECK(header.find("secret") == std::string::npos);
    CHECK(header.find("more@") == std::string::npos);
    CHECK(header.ends_with("Subject: x\r\nTo: a@b\r\n\r\n"));
    CHECK(database.body(id) == ".\r\nline\r\n\r\nend\r\n");
    CHECK(
        database.number(fmt::format("SELECT size FROM outpost.messages WHERE message_id = {}", id)
        ) == static_cast<std::int64_t>(header.size() + database.body(id).size())
    );

    call.message = "convert_to(E'Date: then\\nmessage-id: <own@x>\\n\\n', 'UTF8')";
    const std::int64_t own = database.number(call.text());
    CHECK(
        database.text(
            fmt::format("SELECT header_message_id FROM outpost.messages WHERE message_id = {}", own)
        ) == "<own@x>"
    );
    CHECK(database.header(own).find("Message-ID:") == std::string::npos);
}

TEST_CASE("TLS-Required: No is heard in SQL as elsewhere; an option outweighs it") {
    Configured database;
    struct Case {
        const char *header, *options, *wish;
    };
    const Case cases[] = {
        {"TLS-Required: No\\n", "{}", "false"},
        {"Subject: x\\ntls-required:\\n\\tNO \\nTLS-Required: no\\n", "{}", "false"},
        {"TLS-Required: No\\nTLS-Required: Yes\\n", "{}", "default"},
        {"TLS-Required: Nope\\n", "{}", "default"},
        {"Subject: TLS-Required: No\\n", "{}", "default"},
        {"Subject: x\\n\\nTLS-Required: No\\n", "{}", "default"},
        {"TLS-Required: No\\n", R"({"require_tls": true})", "true"},
        {"Subject: x\\n", R"({"require_tls": false})", "false"},
    };
    for (const Case& one : cases) {
        CAPTURE(std::string(one.header));
        Call call;
        call.message = fmt::format("convert_to(E'{}\\nbody\\n', 'UTF8')", one.header);
        call.options = fmt::format("'{}'", one.options);
        const std::int64_t id = database.number(call.text());
        CHECK(
            database.text(fmt::format(
                "SELECT coalesce(require_tls::text, 'default') FROM outpost.messages "
                "WHERE message_id = {}",
                id
            )) == one.wish
        );
    }
}

TEST_CASE("options reach the queue") {
    Configured database;
    Call call;
    call.to = "ARRAY['one@A.Example', 'two@[192.0.2.1]']";
    call.options =
        R"('{"tag": "bulk", "envid": "E1", "ret": "hdrs", "notify": "success,failure", "require_tls": true, "hold_for": "2 hours"}')";
    const std::int64_t id = database.number(call.text());
    CHECK(
        database.text(fmt::format(
            "SELECT concat_ws(' ', tag, envid, require_tls, source) FROM outpost.messages WHERE "
            "message_id = {}",
            id
        )) == "bulk E1 t sql"
    );
    CHECK(database.recipient("notify", "one@a.example") == "SUCCESS,FAILURE");
    CHECK(database.recipient("domain", "two@[192.0.2.1]") == "[192.0.2.1]");
    CHECK(
        database.recipient("next_attempt_at > now() + interval '119 minutes'", "one@a.example") ==
        "true"
    );
    Call eight;
    eight.message = "convert_to(E'Subject: x\\n\\nGr\\u00fc\\u00df\\n', 'UTF8')";
    const std::int64_t other = database.number(eight.text());
    CHECK(
        database.text(fmt::format(
            "SELECT eightbit || ' ' || smtputf8 FROM outpost.messages WHERE message_id = {}", other
        )) == "true false"
    );
    CHECK(
        database.body(other) == "Gr\xc3\x83\xc2\xbc\xc3\x83\xc2\x9f\r\n"
    );  // the octets of UTF-8, seen as Latin-1
}

TEST_CASE("what is handed over to be held waits for a person") {
    Configured database;
    QueueNode node(database.settings);
    Call call;
    call.options = R"('{"hold": true}')";
    const std::int64_t id = database.number(call.text());
    CHECK(node.claim().empty());
    CHECK(
        database.recipient("state || ' ' || hold_reason", "user@a.example") ==
        "held held by its submitter"
    );
    CHECK(database.recipient("held_by = session_user", "user@a.example") == "true");
    CHECK(database.number(fmt::format("SELECT outpost.release({})", id)) == 1);
    CHECK(node.claim().size() == 1);
    call.options = R"('{"hold": false}')";
    database.number(call.text());
    CHECK(node.claim().size() == 1);
}

TEST_CASE("bad input is refused with an error that names it, and nothing is queued") {
    Configured database;
    struct Bad {
        const char* what;
        Call call;
        const char* sqlstate;
        const char* says;
    };
    const char* const invalid = "22023";
    const std::vector<Bad> all = {
        {"account", {.account = "'nobody'"}, invalid, "'nobody'"},
        {"null account", {.account = "NULL"}, invalid, "NULL"},
        {"sender", {.from = "'x@other.example'"}, "42501", "x@other.example"},
        {"null sender", {.from = "NULL"}, invalid, "NULL"},
        {"null reverse-path", {.from = "''"}, invalid, "sender"},
        {"no recipients", {.to = "'{}'"}, invalid, "no recipient"},
        {"null recipients", {.to = "NULL"}, invalid, "no recipient"},
        {"one null", {.to = "ARRAY['a@b.example', NULL]"}, invalid, "recipient"},
        {"no at", {.to = "ARRAY['a@b.example', 'nonsense']"}, invalid, "nonsense"},
        {"name and brackets", {.to = "ARRAY['Al <a@b.example>']"}, invalid, "Al <a@b.example>"},
        {"line break", {.to = "ARRAY[E'a@b.example\\r\\nRCPT TO:<x@y>']"}, invalid, "control"},
        {"separator", {.to = "ARRAY[E'a\\u2028b@b.example']"}, invalid, "control"},
        {"dots", {.to = "ARRAY['a..b@b.example']"}, invalid, "a..b@b.example"},
        {"domain", {.to = "ARRAY['a@b..example']"}, invalid, "b..example"},
        {"u-label", {.to = "ARRAY['a@b\u00fccher.example']"}, invalid, "ASCII"},
        {"empty", {.message = "''"}, invalid, "empty"},
        {"null message", {.message = "NULL"}, invalid, "empty"},
        {"nul", {.message = "'\\x4100'::bytea"}, invalid, "NUL"},
        {"bare cr", {.message = "convert_to(E'Subject: x\\n\\na\\rb\\n', 'UTF8')"}, invalid, "CR"},
        {"long line",
         {.message = "convert_to(E'Subject: x\\n\\n' || repeat('x', 999), 'UTF8')"},
         invalid,
         "999"},
        {"no header", {.message = "convert_to(E'Hello there\\n', 'UTF8')"}, invalid, "header"},
        {"unknown option", {.options = "'{\"tagg\": \"x\"}'"}, invalid, "tagg"},
        {"options", {.options = "'[]'"}, invalid, "object"},
        {"null options", {.options = "NULL"}, invalid, "object"},
        {"type", {.options = "'{\"require_tls\": \"yes\"}'"}, invalid, "require_tls"},
        {"hold", {.options = "'{\"hold\": \"2 hours\"}'"}, invalid, "boolean"},
        {"ret", {.options = "'{\"ret\": \"all\"}'"}, invalid, "ret"},
        {"notify", {.options = "'{\"notify\": \"never,failure\"}'"}, invalid, "notify"},
        {"envid", {.options = "'{\"envid\": \"a\\nb\"}'"}, invalid, "envid"},
        {"time", {.options = "'{\"release_at\": \"soon\"}'"}, invalid, "soon"},
        {"too late", {.options = "'{\"hold_for\": \"61 days\"}'"}, invalid, "60 days"},
        {"both",
         {.options = "'{\"hold_for\": \"1 day\", \"release_at\": \"2030-01-01\"}'"},
         invalid,
         "not both"},
    };
    for (const Bad& bad : all) {
        CAPTURE(std::string(bad.what));
        try {
            database.sql(bad.call.text());
            FAIL_CHECK("accepted");
        } catch (const db::Error& error) {
            CHECK(error.sqlstate() == std::string(bad.sqlstate));
            CAPTURE(std::string(error.what()));
            CHECK(std::string(error.what()).find(bad.says) != std::string::npos);
        }
    }
    CHECK(database.number("SELECT count(*) FROM outpost.messages") == 0);
}

TEST_CASE("an idempotency key returns the first message, across both doors") {
    Configured database;
    QueueNode node(database.settings);
    Call call;
    call.options = R"('{"idempotency_key": "order-7"}')";
    const std::int64_t first = database.number(call.text());
    CHECK(database.number(call.text()) == first);
    queue::NewMessage same = new_message({"other@b.example"});
    same.idempotency_key = "order-7";
    CHECK(to_number(node.enqueue(same)) == first);

    same.idempotency_key = "order-8";
    const std::int64_t second = to_number(node.enqueue(same));
    call.options = R"('{"idempotency_key": "order-8"}')";
    CHECK(database.number(call.text()) == second);
    CHECK(database.number("SELECT count(*) FROM outpost.recipients") == 2);
}

TEST_CASE("an account may send from its addresses and domains") {
    Configured database;
    for (const char* from : {"'Boss@Elsewhere.example'", "'anyone@SHOP.example'"})
        CHECK(database.refusal(Call{.from = from}.text()).empty());
    CHECK(database.refusal(Call{.from = "'clerk@elsewhere.example'"}.text()) == "42501");
    CHECK(database.refusal(Call{.from = "'x@sub.shop.example'"}.text()) == "42501");
}

TEST_CASE("only those in the role may submit, and they need nothing else") {
    Configured database;
    database.sql("CREATE ROLE sql_application IN ROLE outpost_submitter; CREATE ROLE sql_stranger");
    database.sql("SET ROLE sql_application");
    CHECK(database.refusal(Call{}.text()).empty());
    CHECK(database.refusal("SELECT * FROM outpost_private.message") == "42501");
    CHECK(database.refusal("SELECT * FROM outpost.queue") == "42501");
    CHECK(database.refusal("SELECT outpost.drop(1)") == "42501");
    database.sql("SET ROLE sql_stranger");
    CHECK(database.refusal(Call{}.text()) == "42501");
    database.sql(
        "RESET ROLE; DROP OWNED BY sql_application; DROP ROLE sql_application; DROP ROLE "
        "sql_stranger"
    );
}

TEST_CASE("ten megabytes are taken in a few seconds, in chunks") {
    Configured database;
    Call call;
    call.message =
        "convert_to(E'Subject: x\\n\\n' || repeat(repeat('x', 75) || E'\\n', 140000), 'UTF8')";
    const auto started = SteadyClock::now();
    const std::int64_t id = database.number(call.text());
    CHECK(SteadyClock::now() - started < std::chrono::seconds(20));  // some 1 s on a quiet machine
    CHECK(
        database.number(fmt::format(
            "SELECT max(octet_length(data)) FROM outpost_private.content WHERE message_id = {}", id
        )) == 1048576
    );
    CHECK(
        database.number(fmt::format(
            "SELECT sum(octet_length(data)) FROM outpost_private.content WHERE message_id = {}", id
        )) == 77L * 140000
    );
}
