// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <asio/io_context.hpp>

#include <string>
#include <string_view>
#include <vector>

#include "core/delivery/queue/housekeeping.hpp"
#include "core/delivery/queue/store_pg.hpp"
#include "core/foundation/database/migrate.hpp"
#include "core/foundation/database/pool.hpp"
#include "tests/support/run.hpp"
#include "tests/support/soon.hpp"
#include "tests/support/temp_postgres.hpp"

namespace outpost::test {

/// A database of its own with the schema, and a session to look into it.
struct QueueDatabase {
    QueueDatabase() : settings(fresh_database()), session(settings) { db::migrate(session); }

    db::Rows sql(const std::string& statement) { return session.exec_script(statement); }
    std::string text(const std::string& statement) { return sql(statement).at(0).text(0); }
    std::int64_t number(const std::string& statement) { return sql(statement).at(0).number(0); }
    /// The SQLSTATE of the refusal, empty when the statement is accepted.
    std::string refusal(const std::string& statement) {
        try {
            sql(statement);
            return {};
        } catch (const db::Error& error) {
            return error.sqlstate();
        }
    }
    void configure() {
        queue::ConfigurationRows rows;
        rows.version = "v1";
        rows.node = "n1";
        rows.accounts.push_back({"shop", {"boss@elsewhere.example"}, {"shop.example"}, false});
        rows.transports = {"direct", "smarthost"};
        queue::publish_configuration(session, rows);
    }
    /// Waits until a statement in this database waits for a lock of another. Asked from outside:
    /// within a transaction pg_stat_activity would stand still.
    bool someone_waits_for_a_lock() {
        db::Session outside(settings);
        return soon([&] {
            const auto waiting = outside.exec_script(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
                "AND wait_event_type = 'Lock'"
            );
            return waiting.at(0).number(0) > 0;
        });
    }
    /// A recipient's column, by its address.
    std::string recipient(const std::string& column, const std::string& address) {
        return text(
            "SELECT coalesce((" + column +
            ")::text, '') FROM outpost.recipients WHERE address = '" + address + "'"
        );
    }

    db::Settings settings;
    db::Session session;
};

/// One server process, as far as the queue goes.
struct QueueNode {
    explicit QueueNode(
        const db::Settings& settings, const std::string& name = "n1",
        queue::Node::Clock clock = queue::Node::awake_or_not
    )
        : pool(settings, 4),
          node(
              settings, {name, name + ".example", "test", "v1"}, [this] { superseded = true; },
              [] {}, clock
          ),
          store(pool, node) {}
    ~QueueNode() { pool.stop(); }

    template <class T>
    T run(awaitable<T> task) {
        return test::run(loop, std::move(task));
    }
    void run(awaitable<void> task) { test::run(loop, std::move(task)); }

    MessageId enqueue(queue::NewMessage message) {
        message.id = run(store.new_id());
        return run(store.enqueue(std::move(message))).id;
    }
    std::vector<queue::Claimed> claim(
        std::size_t limit = 100, std::vector<std::string> saturated = {}
    ) {
        return run(store.claim(limit, std::move(saturated)));
    }
    bool settle(queue::Settled outcome) { return run(store.settle({std::move(outcome)})).at(0); }
    bool final_dot(const queue::Claimed& claim, std::string on_uncertain = "resend") {
        return run(store.final_dot({{claim.key, claim.token}}, std::move(on_uncertain)));
    }

    /// What the heartbeat's tick does in a server.
    void write_stages() {
        run(pool.run([this](db::Session& session) { store.stages().write(session); }));
    }
    void leave() {
        node.leave([this](db::Session& session) { store.stages().write(session); });
    }

    asio::io_context loop;
    std::atomic<bool> superseded{false};
    db::Pool pool;
    queue::Node node;
    queue::PgStore store;
};

inline mail::Address address(std::string_view text) {
    return mail::Address::parse(text).value();
}

inline queue::NewMessage new_message(
    const std::vector<std::string>& recipients, std::string body = "Hello\r\n"
) {
    queue::NewMessage message;
    message.account = "shop";
    message.mail_from = address("orders@shop.example");
    for (const std::string& to : recipients)
        message.recipients.push_back({address(to), {}, {}});
    message.content = std::make_shared<mail::Content>(
        "Subject: test\r\n\r\n", std::vector<std::string>{std::move(body)}
    );
    message.source = "submission";
    message.client = "192.0.2.7 helo client.example";
    message.message_id = "<1@shop.example>";
    return message;
}

/// What a dispatcher would record of an attempt.
inline queue::Settled outcome(
    const queue::Claimed& claim, delivery::Verdict verdict, queue::RecipientState state
) {
    queue::Settled settled;
    settled.key = claim.key;
    settled.token = claim.token;
    settled.state = state;
    settled.attempt = claim.attempts;
    settled.started = WallClock::now();
    settled.duration = std::chrono::milliseconds(1500);
    settled.route_list = "global";
    settled.route_index = 1;
    settled.route_name = "everything";
    settled.route_reason = "no condition";
    settled.transport = "direct";
    settled.config_version = "v1";
    settled.verdict = std::move(verdict);
    if (state == queue::RecipientState::queued)
        settled.next_attempt = WallClock::now() + std::chrono::minutes(5);
    return settled;
}

inline delivery::Verdict replied(int code, std::string words) {
    smtp::Reply reply;
    reply.code = code;
    reply.enhanced = smtp::EnhancedStatus{static_cast<std::uint16_t>(code / 100), 1, 1};
    reply.lines.push_back(std::move(words));
    return delivery::Verdict::from_reply(delivery::Stage::rcpt, std::move(reply));
}

inline queue::Settled delivered(const queue::Claimed& claim) {
    return outcome(claim, replied(250, "taken"), queue::RecipientState::delivered);
}
inline queue::Settled deferred(const queue::Claimed& claim) {
    return outcome(claim, replied(450, "later"), queue::RecipientState::queued);
}
inline queue::Settled failed(const queue::Claimed& claim) {
    return outcome(claim, replied(550, "no such user"), queue::RecipientState::failed);
}

}  // namespace outpost::test
