// SPDX-License-Identifier: Apache-2.0
#include "core/tls_reports/sending/marks.hpp"

#include <algorithm>

#include "core/foundation/base/log.hpp"
#include "core/tls_reports/sending/days.hpp"
#include "core/tls_reports/sending/schedule.hpp"

namespace outpost::tls_reports {
namespace {

using db::Statement;
using tlsrpt::DayRow;
using tlsrpt::ReportKey;

constexpr const char* no_submitter =
    "no domain signs by DKIM that could submit it: see tls_reports.submitter";

// One node at a time: two would wait for each other's rows.
const Statement lock_planning{"tls_reports_lock_planning", R"(
    SELECT pg_try_advisory_xact_lock(hashtext('outpost_private.tls_report'))
)"};
const Statement what_time{"tls_reports_time", R"(
    SELECT clock_timestamp(), (clock_timestamp() AT TIME ZONE 'UTC')::date - date '1970-01-01'
)"};
// What went well is a reason only where that is wanted, so most domains have no mark at all.
const std::string rows_worth_it = R"(
    SELECT DISTINCT r.day - date '1970-01-01', r.recipient_domain, r.policy_domain, r.of_host
    FROM taken r WHERE $1::boolean OR r.failures > 0
        OR EXISTS (SELECT FROM outpost_private.tls_failure f WHERE f.result_id = r.id)
)";
const std::string take_unplanned_sql = R"(
    WITH taken AS (
        UPDATE outpost_private.tls_result SET planned = true
        WHERE send_report AND NOT planned AND day < (clock_timestamp() AT TIME ZONE 'UTC')::date
        RETURNING *)
)" + rows_worth_it;
const Statement take_unplanned{"tls_reports_take_unplanned", take_unplanned_sql.c_str()};
const std::string look_at_unplanned_sql = R"(
    WITH taken AS (
        SELECT * FROM outpost_private.tls_result
        WHERE send_report AND NOT planned AND day < (clock_timestamp() AT TIME ZONE 'UTC')::date)
)" + rows_worth_it;
const Statement look_at_unplanned{"tls_reports_look_at_unplanned", look_at_unplanned_sql.c_str()};
const Statement insert_marks{"tls_reports_insert_marks", R"(
    INSERT INTO outpost_private.tls_report (day, domain, to_host, next_at, state, reason, finished_at)
    SELECT date '1970-01-01' + day, domain, to_host, next_at,
        CASE WHEN $5 = '' THEN 'due' ELSE 'skipped' END, $5,
        CASE WHEN $5 <> '' THEN clock_timestamp() END
    FROM unnest($1::int4[], $2::text[], $3::bool[], $4::timestamptz[])
        AS n(day, domain, to_host, next_at)
    ON CONFLICT (day, domain, to_host) DO NOTHING
)"};
const Statement skip_all{"tls_reports_skip_all", R"(
    UPDATE outpost_private.tls_report
    SET state = 'skipped', reason = $1, finished_at = clock_timestamp() WHERE state = 'due'
)"};

// Attempts of a report whose making ends the process that does it; others end after a day.
constexpr int most_attempts = 50;
const Statement claim_one{"tls_reports_claim", R"(
    UPDATE outpost_private.tls_report r
    SET token = nextval('outpost_private.lease_token'), attempts = r.attempts + 1,
        next_at = clock_timestamp() + interval '5 minutes',
        give_up_at = coalesce(r.give_up_at, clock_timestamp() + interval '1 day')
    WHERE r.id = (
        SELECT d.id FROM outpost_private.tls_report d
        WHERE d.state = 'due' AND d.next_at <= clock_timestamp()
            AND d.attempts < $1::int4 AND (NOT d.to_host OR NOT EXISTS (
            SELECT FROM outpost_private.tls_result t
            JOIN outpost_private.tls_report b
                ON b.day = t.day AND b.domain = t.recipient_domain AND NOT b.to_host
            WHERE t.of_host AND t.policy_domain = d.domain AND t.day = d.day AND b.state = 'due'))
        ORDER BY d.next_at, d.to_host, d.id LIMIT 1 FOR UPDATE OF d SKIP LOCKED)
    RETURNING r.id, r.token, r.day - date '1970-01-01', r.domain, r.to_host, r.attempts,
        r.give_up_at <= clock_timestamp()
)"};
const Statement end_one{"tls_reports_end", R"(
    UPDATE outpost_private.tls_report
    SET state = $3, reason = $4, finished_at = clock_timestamp()
    WHERE id = $1 AND token = $2 AND state = 'due'
)"};
const Statement put_off_one{"tls_reports_put_off", R"(
    UPDATE outpost_private.tls_report
    SET reason = $3,
        next_at = least(clock_timestamp() + make_interval(secs => $4::float8), give_up_at)
    WHERE id = $1 AND token = $2 AND state = 'due'
)"};

const Statement select_due{"tls_reports_due", R"(
    SELECT day - date '1970-01-01', domain, to_host FROM outpost_private.tls_report
    WHERE state = 'due'
)"};
const Statement hurry_due{"tls_reports_hurry", R"(
    UPDATE outpost_private.tls_report SET next_at = clock_timestamp(), reason = ''
    WHERE state = 'due' AND ($1::int4 IS NULL OR day = date '1970-01-01' + $1::int4)
        AND ($2 = '' OR domain = $2)
    RETURNING id
)"};
const Statement tell_nodes{"tls_reports_tell", "SELECT pg_notify('outpost_tls_reports', '')"};

const Statement follow_mails{"tls_reports_follow", "SELECT outpost_private.follow_tls_reports()"};
const Statement give_up_poison{"tls_reports_give_up_poison", R"(
    UPDATE outpost_private.tls_report
    SET state = 'failed', reason = 'no node could make it', finished_at = clock_timestamp()
    WHERE state = 'due' AND next_at <= clock_timestamp() AND attempts >= $1::int4
)"};
const Statement expire_marks{"tls_reports_expire", R"(
    DELETE FROM outpost_private.tls_report WHERE id IN (
        SELECT id FROM outpost_private.tls_report
        WHERE day < (clock_timestamp() AT TIME ZONE 'UTC')::date - $1::int4
            AND state NOT IN ('due', 'sending')
        LIMIT 500 FOR UPDATE SKIP LOCKED)
)"};
const Statement expire_suppressions{"tls_reports_expire_suppressions", R"(
    DELETE FROM outpost_private.tls_report_suppression WHERE until <= clock_timestamp()
)"};

/// Of rows as the two statements give them, the reports.
std::vector<ReportKey> keys_of(const db::Rows& rows, std::chrono::sys_days today) {
    std::vector<DayRow> reasons;
    for (const db::Row row : rows) {
        DayRow& reason = reasons.emplace_back();
        reason.day = day_at(row.number(0));
        reason.recipient_domain = row.text(1);
        reason.result.policy.domain = row.text(2);
        reason.result.of_host = row.flag(3);
        reason.send_report = true;
    }
    return tlsrpt::due_reports(reasons, today);
}

void insert(
    db::Session& session, const std::vector<ReportKey>& keys, const std::vector<WallTime>& times,
    const std::string& why_not
) {
    std::vector<std::int32_t> days;
    std::vector<std::string> domains;
    std::vector<bool> to_host;
    for (const ReportKey& key : keys) {
        days.push_back(number_of(key.day));
        domains.push_back(key.domain);
        to_host.push_back(key.to_host);
    }
    session.exec(insert_marks, days, domains, to_host, times, why_not);
}

void switch_off(db::Session& session) {
    session.exec(skip_all, "sending is switched off: see tls_reports.send");
}

}  // namespace

bool Selection::matches(const ReportKey& key) const {
    return (!day || *day == key.day) && (domain.empty() || domain == key.domain);
}

std::size_t plan(db::Session& session, const Settings& settings, double dice) {
    db::Transaction transaction(session);
    if (!session.exec(lock_planning).at(0).flag(0)) return 0;
    const db::Rows time = session.exec(what_time);
    const auto keys =
        keys_of(session.exec(take_unplanned, settings.successes_too), day_at(time.at(0).number(1)));
    if (!settings.send) {
        switch_off(session);
    } else if (!keys.empty()) {
        const auto times = start_times(keys.size(), time.at(0).time(0), dice);
        insert(session, keys, times, settings.submitter ? "" : no_submitter);
        if (!settings.submitter)
            log::warning(
                "tlsrpt", "{} reports are owed, and not sent: {}", keys.size(), no_submitter
            );
    }
    transaction.commit();
    return settings.send ? keys.size() : 0;
}

std::optional<Claim> claim(db::Session& session) {
    const db::Rows rows = session.exec(claim_one, most_attempts);
    if (rows.empty()) return std::nullopt;
    const db::Row row = rows.at(0);
    Claim claim;
    claim.id = row.number(0);
    claim.token = row.number(1);
    claim.key = {row.flag(4), day_at(row.number(2)), row.text(3)};
    claim.attempts = static_cast<int>(row.number(5));
    claim.is_last = row.flag(6);
    return claim;
}

void skip(db::Session& session, const Claim& claim, const std::string& reason) {
    session.exec(end_one, claim.id, claim.token, "skipped", reason);
}

void put_off(
    db::Session& session, const Claim& claim, const std::string& reason, std::chrono::seconds pause
) {
    if (claim.is_last)
        session.exec(end_one, claim.id, claim.token, "failed", reason);
    else
        session.exec(
            put_off_one, claim.id, claim.token, reason, static_cast<double>(pause.count())
        );
}

std::vector<ReportKey> owed(db::Session& session, const Settings& settings) {
    const auto today = day_at(session.exec(what_time).at(0).number(1));
    auto keys = keys_of(session.exec(look_at_unplanned, settings.successes_too), today);
    for (const db::Row row : session.exec(select_due))
        keys.push_back({row.flag(2), day_at(row.number(0)), row.text(1)});
    std::sort(keys.begin(), keys.end());
    keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
    return keys;
}

std::vector<std::int64_t> hurry(db::Session& session, const Selection& which) {
    const auto day = which.day ? std::optional<std::int64_t>(number_of(*which.day)) : std::nullopt;
    std::vector<std::int64_t> ids;
    for (const db::Row row : session.exec(hurry_due, day, which.domain))
        ids.push_back(row.number(0));
    session.exec(tell_nodes);
    return ids;
}

void tidy(db::Session& session, std::chrono::days keep) {
    session.exec(follow_mails);
    session.exec(give_up_poison, most_attempts);
    session.exec(expire_marks, static_cast<int>(keep.count()));
    session.exec(expire_suppressions);
}

}  // namespace outpost::tls_reports
