// SPDX-License-Identifier: Apache-2.0
#include "core/delivery/queue/settle.hpp"

#include <map>
#include <set>

#include "core/delivery/queue/attempt_rows.hpp"
#include "core/delivery/queue/lease_columns.hpp"

namespace outpost::queue {
namespace {

using db::Statement;

// A lease that is gone is fenced, except when the recipient still waits after that very lease:
// nobody has tried it since, so the late answer is the true one. (The time of the last attempt
// tells such a recipient, whose lease was taken over, from one that this very outcome made wait.)
const Statement update_recipients{"settle_recipients", R"(
    UPDATE outpost_private.recipient r
    SET state = s.state, next_attempt_at = s.next_attempt_at, uncertain = s.uncertain,
        crashes = 0, interrupted = false, hold_reason = s.hold_reason,
        held_by = CASE WHEN s.state = 'held' THEN 'outpost' ELSE '' END,
        held_at = CASE WHEN s.state = 'held' THEN clock_timestamp() END,
        warned = r.warned OR s.report = 'delayed',
        report = CASE WHEN s.report <> '' THEN s.report ELSE r.report END,
        finished_at = CASE WHEN s.state IN ('delivered', 'failed') THEN clock_timestamp() END,
        last_attempt_at = s.started_at, last_error = s.error, last_status = s.status,
        last_reply = s.reply, last_reply_code = nullif(s.code, 0), last_transport = s.transport,
        last_remote_host = s.host, last_remote_ip = s.ip, lease_node = NULL, stage = ''
    FROM unnest($1::int8[], $2::int4[], $3::int8[], $4::text[], $5::timestamptz[], $6::bool[],
            $7::text[], $8::text[], $9::timestamptz[], $10::text[], $11::text[], $12::text[],
            $13::int4[], $14::text[], $15::text[], $16::text[])
        AS s (m, n, t, state, next_attempt_at, uncertain, hold_reason, report, started_at, error,
            status, reply, code, transport, host, ip)
    WHERE r.message_id = s.m AND r.number = s.n AND r.lease_token = s.t
        AND (r.state = 'leased'
            OR ((r.state = 'queued' OR (r.uncertain AND r.state = 'held'))
                AND r.last_attempt_at IS DISTINCT FROM s.started_at))
    RETURNING r.message_id, r.number
)"};
const Statement find_attempts{"settle_find_attempts", R"(
    SELECT a.message_id, a.number, a.outcome <> 'late'
    FROM outpost_private.attempt a
    JOIN unnest($1::int8[], $2::int4[], $3::timestamptz[]) AS s (m, n, at) ON a.message_id = s.m
        AND a.number = s.n AND a.started_at = s.at
)"};
// Rare, so it is no column of the update.
const Statement note_crashes{"settle_crashes", R"(
    UPDATE outpost_private.recipient r SET crashes = s.crashes
    FROM unnest($1::int8[], $2::int4[], $3::int4[]) AS s (m, n, crashes)
    WHERE r.message_id = s.m AND r.number = s.n
)"};
// Rare, too.
const Statement suppress_recipients{"settle_suppress", R"(
    SELECT outpost_private.suppress_recipients($1::int8[], $2::int4[], $3::text[],
        ARRAY(SELECT make_interval(secs => s) FROM unnest($4::float8[]) WITH ORDINALITY AS u (s, n)
            ORDER BY n))
)"};
const Statement note_double_bounces{"settle_double_bounces", R"(
    INSERT INTO outpost_private.double_bounce (message_id, number, address, status, reply)
    SELECT r.message_id, r.number, r.address, r.last_status, r.last_reply
    FROM unnest($1::int8[], $2::int4[]) AS s (m, n)
    JOIN outpost_private.recipient r ON r.message_id = s.m AND r.number = s.n
    JOIN outpost_private.message m ON m.id = s.m WHERE m.mail_from = ''
)"};
// As outpost_private.free_content, without the cost of a function's call.
const Statement free_content{"settle_free_content", R"(
    DELETE FROM outpost_private.content c
    WHERE c.message_id = ANY ($1::int8[]) AND NOT EXISTS (
        SELECT FROM outpost_private.recipient r
        WHERE r.message_id = c.message_id AND (r.finished_at IS NULL OR r.report IS NOT NULL))
)"};
const Statement announce_report{"announce_report", "SELECT pg_notify('outpost_report', '')"};

struct RecipientColumns {
    LeaseColumns lease;
    std::vector<std::string> state, hold_reason, report, error, status, reply, transport, host, ip;
    std::vector<std::optional<WallTime>> next;
    std::vector<bool> uncertain;
    std::vector<WallTime> started;
    std::vector<std::int32_t> code;

    void add(const Settled& one) {
        lease.add(one.key, one.token);
        state.emplace_back(to_string(one.state));
        next.push_back(one.next_attempt);
        uncertain.push_back(one.uncertain);
        hold_reason.push_back(one.hold_reason);
        report.emplace_back(one.report == Report::none ? "" : to_string(one.report));
        started.push_back(one.started);
        error.emplace_back(delivery::to_string(one.verdict.error_kind()));
        status.push_back(one.verdict.status().text());
        reply.push_back(one_line(one.verdict.words()));
        code.push_back(reply_code_of(one).value_or(0));
        transport.push_back(one.transport);
        host.push_back(one_line(remote_of(one).host));
        ip.push_back(one_line(remote_of(one).ip));
    }
};

using Keys = std::set<RecipientKey>;

Keys keys_of(const db::Rows& rows) {
    Keys keys;
    for (const db::Row row : rows)
        keys.insert({MessageId{row.number(0)}, static_cast<std::int32_t>(row.number(1))});
    return keys;
}

Keys update_states(db::Session& session, std::span<const Settled* const> batch) {
    RecipientColumns c;
    for (const Settled* one : batch)
        c.add(*one);
    return keys_of(session.exec(
        update_recipients, c.lease.message, c.lease.number, c.lease.token, c.state, c.next,
        c.uncertain, c.hold_reason, c.report, c.started, c.error, c.status, c.reply, c.code,
        c.transport, c.host, c.ip
    ));
}

// Of those not updated: which were written before, by a COMMIT whose answer was lost; and whether
// they counted then or came too late.
std::map<RecipientKey, bool> written_before(
    db::Session& session, std::span<const Settled* const> batch, const Keys& updated
) {
    std::vector<std::int64_t> message;
    std::vector<std::int32_t> number;
    std::vector<WallTime> started;
    for (const Settled* one : batch) {
        if (updated.contains(one->key)) continue;
        message.push_back(to_number(one->key.message));
        number.push_back(one->key.number);
        started.push_back(one->started);
    }
    std::map<RecipientKey, bool> written;
    if (message.empty()) return written;
    for (const db::Row row : session.exec(find_attempts, message, number, started)) {
        written[{MessageId{row.number(0)}, static_cast<std::int32_t>(row.number(1))}] = row.flag(2);
    }
    return written;
}

void write_attempts(
    db::Session& session, std::span<const Settled* const> batch, const Keys& updated,
    const std::map<RecipientKey, bool>& before, const std::string& node
) {
    std::vector<AttemptRow> rows;
    for (const Settled* one : batch) {
        if (!before.contains(one->key)) rows.push_back({one, updated.contains(one->key)});
    }
    write_attempt_rows(session, rows, node);
}

void write_crashes(
    db::Session& session, std::span<const Settled* const> batch, const Keys& updated
) {
    std::vector<std::int64_t> message;
    std::vector<std::int32_t> number, crashes;
    for (const Settled* one : batch) {
        if (one->crashes == 0 || !updated.contains(one->key)) continue;
        message.push_back(to_number(one->key.message));
        number.push_back(one->key.number);
        crashes.push_back(one->crashes);
    }
    if (!message.empty()) session.exec(note_crashes, message, number, crashes);
}

void write_suppressions(
    db::Session& session, std::span<const Settled* const> batch, const Keys& updated
) {
    std::vector<std::int64_t> message;
    std::vector<std::int32_t> number;
    std::vector<std::string> reason;
    std::vector<double> seconds;
    for (const Settled* one : batch) {
        if (!one->suppress_for || !updated.contains(one->key)) continue;
        message.push_back(to_number(one->key.message));
        number.push_back(one->key.number);
        reason.push_back(one_line(one->verdict.words()));
        seconds.push_back(static_cast<double>(one->suppress_for->count()));
    }
    if (!message.empty()) session.exec(suppress_recipients, message, number, reason, seconds);
}

void follow_up(db::Session& session, std::span<const Settled* const> batch, const Keys& updated) {
    std::vector<std::int64_t> finished, failed_message;
    std::vector<std::int32_t> failed_number;
    bool report = false;
    for (const Settled* one : batch) {
        if (!updated.contains(one->key)) continue;
        report = report || one->report != Report::none;
        const bool failed = one->state == RecipientState::failed;
        if (failed || one->state == RecipientState::delivered)
            finished.push_back(to_number(one->key.message));
        if (failed) {
            failed_message.push_back(to_number(one->key.message));
            failed_number.push_back(one->key.number);
        }
    }
    if (!failed_message.empty()) session.exec(note_double_bounces, failed_message, failed_number);
    if (!finished.empty()) session.exec(free_content, finished);
    if (report) session.exec(announce_report);
}

}  // namespace

std::vector<bool> write_settlements(
    db::Session& session, std::span<const Settled* const> batch, const std::string& node
) {
    db::Transaction transaction(session);
    const Keys updated = update_states(session, batch);
    const std::map<RecipientKey, bool> before = written_before(session, batch, updated);
    write_attempts(session, batch, updated, before, node);
    write_crashes(session, batch, updated);
    write_suppressions(session, batch, updated);
    follow_up(session, batch, updated);
    transaction.commit();
    std::vector<bool> recorded;
    for (const Settled* one : batch) {
        const auto earlier = before.find(one->key);
        recorded.push_back(
            updated.contains(one->key) || (earlier != before.end() && earlier->second)
        );
    }
    return recorded;
}

}  // namespace outpost::queue
