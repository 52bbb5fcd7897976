// SPDX-License-Identifier: Apache-2.0
// Inputs that others fell for, handed in by SQL; and rows that no server should have written.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>

#include "core/foundation/base/safe_text.hpp"
#include "tests/unit/delivery/queue/queue_lab.hpp"

using namespace outpost;
using namespace outpost::test;
using namespace std::string_literals;

namespace {

struct Parts {
    std::string from = "orders@shop.example", to = "user@a.example",
                message = "Subject: x\n\nHello\n", options = "{}";
};

struct Configured : QueueDatabase {
    Configured() { configure(); }

    /// Hands a message in with bound parameters, as an application should. The SQLSTATE of the
    /// refusal, or empty.
    std::string enqueue(const Parts& parts) {
        static const db::Statement call{
            "enqueue_trap",
            "SELECT outpost.enqueue('shop', $1::text, ARRAY[$2::text], $3::bytea, $4::jsonb)"
        };
        try {
            last = session.exec(call, parts.from, parts.to, db::Bytes(parts.message), parts.options)
                       .at(0)
                       .number(0);
            return {};
        } catch (const db::Error& error) {
            words = error.what();
            return error.sqlstate();
        }
    }
    std::int64_t last = 0;  ///< id of the message that was accepted last
    std::string words;      ///< of the refusal
};

std::string replaced(std::string text, const std::string& by) {
    const auto at = text.find("{}");
    return at == text.npos ? text : text.replace(at, 2, by);
}

/// Whole line ends and nothing else: what a dot can be stuffed into.
bool has_bare_line_end(const std::string& text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\n' && (i == 0 || text[i - 1] != '\r')) return true;
        if (text[i] == '\r' && (i + 1 == text.size() || text[i + 1] != '\n')) return true;
    }
    return false;
}

}  // namespace

TEST_CASE("by SQL, too, no octet in an envelope makes a second line, recipient or sender") {
    Configured database;
    QueueNode node(database.settings);
    const std::string controls[] = {"\r",   "\n",           "\r\n",         "\xc2\x85", "\xc2\x81",
                                    "\x7f", "\xe2\x80\xa8", "\xe2\x80\xa9", "\x01"};
    const std::string letters[] = {
        "\xe5\x98\x8a\xc4\x8d", "%0d%0a", "+0D+0A"
    };  // U+560A U+010D: LF and CR when cut
    const Parts fields[] = {
        {.from = "a{}b@shop.example"}, {.from = "\"a{}b\"@shop.example"},
        {.from = "a@shop.example{}"},  {.to = "a{}RCPT TO:<x@b.example"},
        {.to = "a{}b@a.example"},      {.to = "\"a{}b\"@a.example"},
        {.to = "a@a{}.example"},       {.to = "a@[192.0.2.1{}]"},
    };
    const auto filled = [](const Parts& field, const std::string& octets) {
        return Parts{.from = replaced(field.from, octets), .to = replaced(field.to, octets)};
    };
    for (const Parts& field : fields) {
        for (const std::string& octets : controls) {
            CAPTURE(field.from);
            CAPTURE(field.to);
            CAPTURE(octets);
            CHECK(database.enqueue(filled(field, octets)) == "22023");
            CHECK(is_clean_utf8(database.words.substr(0, database.words.find('\n'))));
        }
        for (const std::string& octets : letters)
            database.enqueue(filled(field, octets));
    }
    for (const char* option : {"envid", "tag", "idempotency_key", "notify", "ret", "release_at"}) {
        CAPTURE(option);
        for (const char* octets : {"\\r", "\\n", "\\u0085", "\\u2028", "\\u007f"}) {
            CHECK(
                database.enqueue({.options = fmt::format(R"({{"{}": "a{}b"}})", option, octets)}) ==
                "22023"
            );
        }
        // JSON has NUL, PostgreSQL's text has not.
        CHECK_FALSE(
            database.enqueue({.options = fmt::format(R"({{"{}": "a\u0000b"}})", option)}).empty()
        );
    }
    const auto claims = node.claim(1000);
    CHECK(claims.size() > 5);  // the letters, where letters may stand
    for (const auto& claim : claims) {
        CHECK(is_clean_utf8(claim.recipient.address.wire() + claim.envelope->mail_from.wire()));
        CHECK(claim.key.number == 1);
    }
}

TEST_CASE(
    "SQL accepts no address that the server cannot read, and both know its destination by one name"
) {
    Configured database;
    QueueNode node(database.settings);
    const std::string candidates[] = {
        "a@b.example",
        "A@B.Example",
        "\"\"@b.example",
        "\" \"@b.example",
        "\"a\"@b.example",
        "\"a@b\"@c.example",
        "\"a\\\"@b.example",
        "\"a\\\\\"@b.example",
        "a@b@c.example",
        "\"a\"b@c.example",
        "a@I.EXAMPLE",
        "a@b.example.",
        "a@.b.example",
        "a@-b.example",
        "a@b-.example",
        "a@_dmarc.b.example",
        "a@1.2.3.4",
        "a@b.4",
        "a@[1.2.3.4]",
        "a@[999.1.1.1]",
        "a@[1.2.3]",
        "a@[01.2.3.4]",
        "a@[IPv6:2001:DB8:0:0::1]",
        "a@[ipv6:::ffff:192.0.2.1]",
        "a@[ipv6::::]",
        "a@[ipv6:1]",
        "a@[IPv6:fe80::1%eth0]",
        "a@[]",
        "a@[1.2.3.4]x",
        "a@xn--a.example",
        "a@xn--bcher-kva.example",
        "gr\xc3\xbc\xc3\x9f@b.example",
        "\xc2\xa0@b.example",
        "\xe3\x80\x80@b.example",
        "\xef\xbb\xbf@b.example",
        "a..b@c.example",
        ".a@b.example",
        "a.@b.example",
        "!#$%&'*+-/=?^_`{|}~@b.example",
        "'); drop table outpost_private.message; --@b.example",
        "\"'); drop table outpost_private.message; --\"@b.example",
        "$$@b.example",
        "\"E'\\\\'\"@b.example",
        "${run{id}}@b.example",
        "../../x@b.example",
        "%s%n@b.example",
        "a@" + std::string(63, 'b') + ".example",
        "a@" + std::string(64, 'b') + ".example",
        std::string(242, 'a') + "@b.example",
        std::string(245, 'a') + "@b.example",
        "@",
        "a@",
        "@b.example",
        "a",
    };
    int accepted = 0;
    for (const std::string& text : candidates) {
        CAPTURE(text);
        const std::string refusal = database.enqueue({.to = text});
        if (!refusal.empty()) {
            CHECK(refusal == "22023");
            continue;
        }
        ++accepted;
        const auto claims = node.claim();
        REQUIRE(claims.size() == 1);
        const auto& read = claims[0].recipient.address;
        CHECK(*mail::Address::parse(read.wire()) == read);
        CHECK(
            database.text(fmt::format(
                "SELECT domain FROM outpost_private.recipient WHERE message_id = {}", database.last
            )) == queue::lane_of(read)
        );
    }
    CHECK(accepted > 20);
    CHECK(database.number("SELECT count(*) FROM outpost.recipients WHERE state = 'held'") == 0);
    // The sender, too.
    CHECK(database.enqueue({.from = "Boss@Elsewhere.Example"}).empty());
    CHECK(node.claim().at(0).envelope->mail_from.wire() == "Boss@elsewhere.example");
}

TEST_CASE("a megabyte for an address is refused in few words") {
    Configured database;
    for (const std::string& huge :
         {std::string(1'000'000, 'a'), std::string(500'000, 'a') + "@" + std::string(500'000, 'b'),
          std::string(1'000'000, '('), "\"" + std::string(1'000'000, '\\') + "\"@b.example",
          "a@[" + std::string(1'000'000, ':') + "]"}) {
        CHECK(database.enqueue({.to = huge}) == "22023");
        CHECK(database.words.size() < 2000);
    }
}

TEST_CASE("no smuggling sequence comes in by SQL") {
    Configured database;
    QueueNode node(database.settings);
    const std::string sequences[] = {
        "\n.\n",       "\n.\r\n",       "\r\n.\n",      "\r.\r\n",      "\r.\r",
        "\r\n.\r\r\n", "\r\r\n.\r\r\n", "\r\n\0.\r\n"s, "\r\n.\0\r\n"s, "\n.\r",
        "\r.\n",       "\r\n.\r",       "\r\n.\r\n",
    };
    int taken = 0;
    for (const std::string& sequence : sequences) {
        for (const char* line_end : {"\n", "\r\n"}) {
            const std::string text = "Subject: x"s + line_end + line_end + "one" + sequence +
                                     "MAIL FROM:<evil@b.example>" + line_end;
            CAPTURE(text);
            const std::string refusal = database.enqueue({.message = text});
            if (!refusal.empty()) {
                CHECK(refusal == "22023");
                continue;
            }
            ++taken;
            const auto loaded = node.run(node.store.load(MessageId{database.last}));
            REQUIRE(loaded);
            std::string whole = loaded->body.held()->header();
            for (const auto& part : loaded->body.held()->body())
                whole += part;
            CHECK_FALSE(has_bare_line_end(whole));
            CHECK(whole.ends_with("\r\n\r\none\r\n.\r\nMAIL FROM:<evil@b.example>\r\n")
            );  // one message; its dot is stuffed on the wire
        }
    }
    CHECK(taken == 8);  // those whose line feeds can be line ends
    // Nor does a header field end early.
    for (const std::string& header :
         {"Subject: x\r\revil: y\n\nz\n"s, "Subject: x\ry\n\nz\n"s,
          "Subject: x\n y: z\nno field\n\nz\n"s, "\nSubject: x\n"s}) {
        CAPTURE(header);
        CHECK(database.enqueue({.message = header}) == "22023");
    }
}

TEST_CASE("times beyond all measure") {
    Configured database;
    for (const char* future :
         {R"({"release_at": "infinity"})", R"({"release_at": "10000-01-01"})",
          R"({"hold_for": "100000000 years"})", R"({"hold_for": "99999999999999999999 seconds"})",
          R"({"release_at": "294277-01-01"})"}) {
        CAPTURE(future);
        CHECK(database.enqueue({.options = future}) == "22023");
    }
    // What has passed is now: a date that other programs cannot hold would stop them all.
    QueueNode node(database.settings);
    for (const char* past :
         {R"({"release_at": "-infinity"})", R"({"release_at": "4000-01-01 BC"})",
          R"({"hold_for": "-1000 years"})", R"({"release_at": "yesterday"})"}) {
        CAPTURE(past);
        CHECK(database.enqueue({.options = past}).empty());
        CHECK(
            database.number(fmt::format(
                "SELECT (next_attempt_at > now() - interval '1 minute')::int FROM "
                "outpost_private.recipient WHERE message_id = {}",
                database.last
            )) == 1
        );
        CHECK(node.claim().size() == 1);
    }
}

TEST_CASE("an envelope that cannot be read is held, and stops nobody else") {
    Configured database;
    QueueNode node(database.settings);
    const MessageId bad_recipient = node.enqueue(new_message({"one@a.example", "two@a.example"}));
    const MessageId bad_sender = node.enqueue(new_message({"x@b.example"}));
    const MessageId good = node.enqueue(new_message({"y@c.example"}));
    database.sql(fmt::format(
        "UPDATE outpost_private.recipient SET address = E'one\\r\\nRCPT TO:<evil@a.example>' WHERE "
        "message_id = {} AND number = 1",
        to_number(bad_recipient)
    ));
    database.sql(fmt::format(
        "UPDATE outpost_private.message SET mail_from = 'nobody' WHERE id = {}",
        to_number(bad_sender)
    ));
    auto claims = node.claim();
    REQUIRE(claims.size() == 2);
    std::sort(claims.begin(), claims.end(), [](const auto& a, const auto& b) {
        return a.key < b.key;
    });
    CHECK(claims[0].key == RecipientKey{bad_recipient, 2});
    CHECK(claims[1].key.message == good);
    CHECK(
        database.number("SELECT count(*) FROM outpost.recipients WHERE state = 'held' AND "
                        "hold_reason LIKE '%cannot be read%'") == 2
    );
    CHECK(
        database.number("SELECT sum(attempts) FROM outpost.recipients WHERE state = 'held'") == 0
    );
    CHECK(node.claim().empty());
}

TEST_CASE("content that is not what was accepted is held, and never sent empty or cut") {
    Configured database;
    QueueNode node(database.settings);
    const MessageId lost = node.enqueue(new_message({"one@a.example", "two@a.example"}));
    const MessageId cut =
        node.enqueue(new_message({"x@b.example"}, std::string(100, 'x') + "\r\n"));
    const MessageId good = node.enqueue(new_message({"y@c.example"}));
    database.sql(
        fmt::format("DELETE FROM outpost_private.content WHERE message_id = {}", to_number(lost))
    );
    database.sql(fmt::format(
        "UPDATE outpost_private.content SET data = substr(data, 1, 50) WHERE message_id = {}",
        to_number(cut)
    ));
    CHECK(node.claim().size() == 4);
    CHECK(node.run(node.store.load(lost)) == nullptr);
    CHECK(node.run(node.store.load(cut)) == nullptr);
    CHECK(node.run(node.store.load(good)) != nullptr);
    CHECK(
        database.number("SELECT count(*) FROM outpost.recipients WHERE state = 'held' AND "
                        "hold_reason LIKE '%content%'") == 3
    );
    CHECK(database.number("SELECT count(*) FROM outpost.recipients WHERE state = 'leased'") == 1);
}
