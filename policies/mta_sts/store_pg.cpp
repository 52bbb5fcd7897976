// SPDX-License-Identifier: Apache-2.0
#include "policies/mta_sts/store_pg.hpp"

#include <algorithm>
#include <utility>

namespace outpost::mta_sts {
namespace {

using db::Statement;

/// A policy of max_age 0 would be fetched for each message: it is kept for a minute.
constexpr int shortest_life = 60;

// An array of texts travels as rows do: one text with line feeds, which no host name holds.
#define ENTRY                                                                               \
    "domain, version, record_id, mode, max_age, array_to_string(mx, E'\\n'), policy_text, " \
    "valid_until, failure, failure_text, failure_code, retry_at, "                          \
    "coalesce(refresh_at <= clock_timestamp(), false)"

const Statement load_all_entries{
    "mta_sts_load_all", "SELECT " ENTRY " FROM outpost_private.mta_sts WHERE version > 0"
};
const Statement load_entry{
    "mta_sts_load", "SELECT " ENTRY " FROM outpost_private.mta_sts WHERE domain = $1"
};
// No other node fetches, and nothing has changed since the caller looked.
const Statement take_turn_on{"mta_sts_take_turn", R"(
    INSERT INTO outpost_private.mta_sts AS m (domain, version, fetching_until)
    VALUES ($1, 0, clock_timestamp() + make_interval(secs => $3::float8))
    ON CONFLICT (domain) DO UPDATE SET fetching_until = excluded.fetching_until
    WHERE m.version = $2::int8 AND coalesce(m.fetching_until <= clock_timestamp(), true)
    RETURNING domain
)"};
const Statement save_policy{"mta_sts_save", R"(
    INSERT INTO outpost_private.mta_sts AS m (domain, version, record_id, mode, max_age, mx,
        policy_text, fetched_at, valid_until, refresh_at)
    VALUES ($1, nextval('outpost_private.mta_sts_version'), $2, $3, $4::int4, $5::text[], $6,
        clock_timestamp(),
        clock_timestamp() + make_interval(secs => greatest($4::int4, $7::int4)),
        outpost_private.mta_sts_next_refresh($4::int4))
    ON CONFLICT (domain) DO UPDATE SET version = excluded.version, record_id = excluded.record_id,
        mode = excluded.mode, max_age = excluded.max_age, mx = excluded.mx,
        policy_text = excluded.policy_text, fetched_at = excluded.fetched_at,
        valid_until = excluded.valid_until, refresh_at = excluded.refresh_at, failure = NULL,
        failure_text = NULL, failure_code = NULL, failed_at = NULL, retry_at = NULL,
        fetching_until = NULL
    RETURNING )" ENTRY};
// A domain with a policy is tried again without mail, well after the time for which deliveries
// wait.
const Statement save_trouble{"mta_sts_save_failure", R"(
    INSERT INTO outpost_private.mta_sts AS m (domain, version, failure, failure_text, failure_code,
        failed_at, retry_at)
    VALUES ($1, nextval('outpost_private.mta_sts_version'), $2, $3, $4, clock_timestamp(),
        clock_timestamp() + make_interval(secs => $5::float8))
    ON CONFLICT (domain) DO UPDATE SET version = excluded.version, failure = excluded.failure,
        failure_text = excluded.failure_text, failure_code = excluded.failure_code,
        failed_at = excluded.failed_at, retry_at = excluded.retry_at, fetching_until = NULL,
        refresh_at = CASE WHEN m.mode IS NOT NULL AND m.max_age >= 3600
            THEN clock_timestamp() + (0.75 + 0.5 * random()) * interval '1 hour' END
    RETURNING )" ENTRY};
const Statement end_turn{"mta_sts_let_go", R"(
    UPDATE outpost_private.mta_sts SET fetching_until = NULL WHERE domain = $1
)"};
const Statement forget_entry{"mta_sts_forget", R"(
    DELETE FROM outpost_private.mta_sts WHERE domain = $1
)"};
const Statement claim_one{"mta_sts_claim_due", R"(
    UPDATE outpost_private.mta_sts SET
        fetching_until = clock_timestamp() + make_interval(secs => $1::float8),
        refresh_at = clock_timestamp() + interval '1 hour'
    WHERE domain = (
        SELECT domain FROM outpost_private.mta_sts
        WHERE refresh_at <= clock_timestamp() AND coalesce(fetching_until <= clock_timestamp(), true)
        ORDER BY refresh_at LIMIT 1 FOR UPDATE SKIP LOCKED)
    RETURNING domain
)"};
const Statement mark_used{"mta_sts_note_used", R"(
    UPDATE outpost_private.mta_sts SET last_used_at = clock_timestamp()
    WHERE domain = ANY ($1::text[]) AND last_used_at < clock_timestamp() - interval '1 day'
)"};
const Statement delete_old{"mta_sts_tidy", R"(
    DELETE FROM outpost_private.mta_sts
    WHERE last_used_at < clock_timestamp() - make_interval(secs => $1::float8)
       OR (last_used_at < clock_timestamp() - interval '2 days'
           AND coalesce(valid_until <= clock_timestamp(), true)
           AND coalesce(retry_at <= clock_timestamp(), true)
           AND coalesce(fetching_until <= clock_timestamp(), true))
)"};

std::vector<std::string> split_lines(std::string_view text) {
    std::vector<std::string> lines;
    while (!text.empty()) {
        const auto end = std::min(text.find('\n'), text.size());
        lines.emplace_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return lines;
}

Entry entry_of(const db::Row& row) {
    Entry entry;
    entry.version = row.number(1);
    if (!row.is_null(3)) {
        entry.record_id = row.text(2);
        Policy& policy = entry.policy.emplace();
        if (!parse(row.view(3), policy.mode)) throw db::Error("an MTA-STS policy of unknown mode");
        policy.max_age = std::chrono::seconds(row.number(4));
        policy.mx = split_lines(row.view(5));
        policy.text = row.text(6);
        entry.valid_until = row.time(7);
    }
    if (const auto failure = row.optional_text(8)) {
        const auto kind = parse_trouble(*failure).value_or(Trouble::Kind::cannot_fetch);
        entry.setback = Setback{{kind, row.text(9), row.text(10)}, row.time(11)};
    }
    entry.refresh_is_due = row.flag(12);
    return entry;
}

double in_seconds(std::chrono::seconds span) {
    return static_cast<double>(span.count());
}

}  // namespace

awaitable<std::map<std::string, Entry>> PgStore::load_all() {
    const auto read = [](db::Session& session) {
        std::map<std::string, Entry> all;
        for (const db::Row row : session.exec(load_all_entries))
            all.emplace(row.text(0), entry_of(row));
        return all;
    };
    co_return co_await pool_.run(read);
}

awaitable<Entry> PgStore::load(std::string domain) {
    const auto read = [domain = std::move(domain)](db::Session& session) {
        const db::Rows rows = session.exec(load_entry, domain);
        return rows.empty() ? Entry() : entry_of(rows.at(0));
    };
    co_return co_await pool_.run(read);
}

awaitable<Turn> PgStore::take_turn(
    std::string domain, std::int64_t known, std::chrono::seconds lease
) {
    const auto ask = [domain = std::move(domain), known, lease](db::Session& session) {
        if (!session.exec(take_turn_on, domain, known, in_seconds(lease)).empty())
            return Turn{Turn::Kind::granted};
        const db::Rows rows = session.exec(load_entry, domain);
        Entry entry = rows.empty() ? Entry() : entry_of(rows.at(0));
        if (entry.version == known) return Turn{Turn::Kind::busy};
        return Turn{Turn::Kind::changed, std::move(entry)};
    };
    co_return co_await pool_.run(ask);
}

awaitable<Entry> PgStore::save(std::string domain, std::string record_id, Policy policy) {
    const auto write = [domain = std::move(domain), id = std::move(record_id),
                        policy = std::move(policy)](db::Session& session) {
        const db::Rows rows = session.exec(
            save_policy, domain, id, text(policy.mode),
            static_cast<std::int64_t>(policy.max_age.count()), policy.mx, policy.text, shortest_life
        );
        return entry_of(rows.at(0));
    };
    co_return co_await pool_.run(write);
}

awaitable<Entry> PgStore::save_failure(
    std::string domain, Trouble trouble, std::chrono::seconds back_off
) {
    const auto write = [domain = std::move(domain), trouble = std::move(trouble),
                        back_off](db::Session& session) {
        const db::Rows rows = session.exec(
            save_trouble, domain, text(trouble.kind), trouble.text, trouble.code,
            in_seconds(back_off)
        );
        return entry_of(rows.at(0));
    };
    co_return co_await pool_.run(write);
}

awaitable<void> PgStore::let_go(std::string domain) {
    const auto write = [domain = std::move(domain)](db::Session& session) {
        session.exec(end_turn, domain);
    };
    co_await pool_.run(write);
}

awaitable<void> PgStore::forget(std::string domain) {
    const auto write = [domain = std::move(domain)](db::Session& session) {
        session.exec(forget_entry, domain);
    };
    co_await pool_.run(write);
}

awaitable<std::optional<std::string>> PgStore::claim_due(std::chrono::seconds lease) {
    const auto ask = [lease](db::Session& session) {
        const db::Rows rows = session.exec(claim_one, in_seconds(lease));
        return rows.empty() ? std::nullopt : std::optional(rows.at(0).text(0));
    };
    co_return co_await pool_.run(ask);
}

awaitable<void> PgStore::note_used(std::vector<std::string> domains) {
    const auto write = [domains = std::move(domains)](db::Session& session) {
        session.exec(mark_used, domains);
    };
    co_await pool_.run(write);
}

awaitable<void> PgStore::tidy(std::chrono::seconds unused) {
    const auto write = [unused](db::Session& session) {
        session.exec(delete_old, in_seconds(unused));
    };
    co_await pool_.run(write);
}

}  // namespace outpost::mta_sts
