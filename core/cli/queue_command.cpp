// SPDX-License-Identifier: Apache-2.0
#include <iostream>

#include "core/cli/commands.hpp"
#include "core/foundation/database/session.hpp"

namespace outpost::cli {
namespace {

using db::Statement;

// Oldest first. Each state by its own index, never past all that has ended: ordering by a state
// that is an array of one keeps the planner from walking the table's primary key instead.
const Statement list_queue{"cli_list_queue", R"(
    SELECT message_id, state, to_char(submitted_at, 'YYYY-MM-DD HH24:MI:SS'),
        coalesce(to_char(next_attempt_at, 'YYYY-MM-DD HH24:MI:SS'), '-'), attempts,
        CASE WHEN mail_from = '' THEN '<>' ELSE mail_from END, address,
        CASE WHEN state = 'held' THEN hold_reason ELSE last_reply END,
        CASE WHEN require_tls THEN '  REQUIRETLS' WHEN NOT require_tls THEN '  TLS-Required: No'
            ELSE '' END
    FROM (
        (SELECT * FROM outpost.queue WHERE state = ANY ('{queued}')
        ORDER BY state, message_id, number LIMIT 1000)
        UNION ALL
        (SELECT * FROM outpost.queue WHERE state = ANY ('{held}')
        ORDER BY state, message_id, number LIMIT 1000)
        UNION ALL
        (SELECT * FROM outpost.queue WHERE state = 'leased'
        ORDER BY message_id, number LIMIT 1000)
    ) q
    ORDER BY message_id, number LIMIT 1000
)"};
const Statement hold{"cli_hold", "SELECT outpost.hold($1::int8, nullif($2, ''), $3)"};
const Statement release{"cli_release", "SELECT outpost.release($1::int8, nullif($2, ''))"};
const Statement retry{"cli_retry", "SELECT outpost.retry_now($1::int8, nullif($2, ''))"};
const Statement fail{"cli_fail", "SELECT outpost.fail($1::int8, nullif($2, ''))"};
const Statement drop{"cli_drop", "SELECT outpost.drop($1::int8, nullif($2, ''))"};
const Statement transport{"cli_transport", R"(
    SELECT outpost.set_transport($1::int8, $3, nullif($2, ''))
)"};
const Statement tls{"cli_tls", R"(
    WITH chosen AS MATERIALIZED (
        SELECT DISTINCT message_id FROM outpost.queue
        WHERE (cardinality($2::int8[]) = 0 OR message_id = ANY ($2::int8[]))
            AND ($3 = '' OR domain = $3) AND ($4 = '' OR account = $4)
            AND ($5 = '' OR tag = $5) AND ($6 = '' OR mail_from = $6)
        ORDER BY message_id),
    changed AS MATERIALIZED (
        SELECT outpost.set_require_tls(message_id, $1::boolean) AS recipients FROM chosen)
    SELECT count(*), coalesce(sum(recipients), 0),
        (SELECT count(*) FROM outpost.queue JOIN chosen USING (message_id) WHERE state = 'leased')
    FROM changed
)"};

db::Rows act(db::Session& session, const QueueAction& action) {
    if (action.name == "hold")
        return session.exec(hold, action.message, action.recipient, action.argument);
    if (action.name == "transport")
        return session.exec(transport, action.message, action.recipient, action.argument);
    if (action.name == "release") return session.exec(release, action.message, action.recipient);
    if (action.name == "retry") return session.exec(retry, action.message, action.recipient);
    if (action.name == "fail") return session.exec(fail, action.message, action.recipient);
    return session.exec(drop, action.message, action.recipient);
}

std::string counted(std::int64_t number, const char* what) {
    return std::to_string(number) + " " + what + (number == 1 ? "" : "s");
}

}  // namespace

int queue_list(const server::Loaded& loaded) {
    db::Session session(loaded.settings.database);
    const db::Rows rows = session.exec(list_queue);
    for (const db::Row row : rows) {
        std::cout << row.text(0) << "  " << row.text(1) << "  since " << row.text(2) << "  next "
                  << row.text(3) << "  attempts " << row.text(4) << row.text(8) << "\n    "
                  << row.text(5) << " -> " << row.text(6) << "\n";
        if (!row.view(7).empty()) std::cout << "    " << row.text(7) << "\n";
    }
    std::cout << rows.size() << (rows.size() == 1000 ? " or more" : "")
              << (rows.size() == 1 ? " recipient\n" : " recipients\n");
    return ok;
}

int queue_act(const server::Loaded& loaded, const QueueAction& action) {
    try {
        db::Session session(loaded.settings.database);
        const auto changed = act(session, action).at(0).number(0);
        std::cout << counted(changed, "recipient") << " changed\n";
    } catch (const db::Error& error) {
        std::cerr << "outpost queue " << action.name << ": " << error.what() << "\n";
        return failed;
    }
    return ok;
}

int queue_tls(const server::Loaded& loaded, const TlsAction& action) {
    const bool anything = action.messages.empty() && action.domain.empty() &&
                          action.account.empty() && action.tag.empty() && action.sender.empty();
    if (anything) {
        std::cerr << "outpost queue tls: say which messages, by id or by an option\n";
        return usage;
    }
    const std::optional<bool> choice =
        action.choice == "default" ? std::nullopt : std::optional(action.choice == "yes");
    try {
        db::Session session(loaded.settings.database);
        const db::Rows rows = session.exec(
            tls, choice, action.messages, action.domain, action.account, action.tag, action.sender
        );
        const db::Row row = rows.at(0);
        std::cout << counted(row.number(0), "message") << " with "
                  << counted(row.number(1), "recipient") << " changed\n";
        if (row.number(2) > 0)
            std::cout << counted(row.number(2), "recipient")
                      << " in flight: an attempt that has begun ends as it began\n";
    } catch (const db::Error& error) {
        std::cerr << "outpost queue tls: " << error.what() << "\n";
        return failed;
    }
    return ok;
}

}  // namespace outpost::cli
