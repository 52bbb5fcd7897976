// SPDX-License-Identifier: Apache-2.0
#include "core/tls_reports/results/store.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>
#include <string>

#include "core/foundation/base/crypto.hpp"

namespace outpost::tls_results {
namespace {

using db::Statement;
using tlsrpt::FailureDetail;
using tlsrpt::Policy;

const Statement note_batch{"evidence_note_batch", R"(
    INSERT INTO outpost_private.evidence_batch AS b (node, number) VALUES ($1::int8, $2::int8)
    ON CONFLICT (node) DO UPDATE SET number = excluded.number, written_at = clock_timestamp()
    WHERE b.number < excluded.number
)"};

// Sorted, so that two nodes that add to the same rows wait in one order.
const Statement add_results{"evidence_add_results", R"(
    WITH given AS (
        SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bool[], $5::bytea[], $6::text[],
            $7::text[], $8::text[], $9::int8[], $10::int8[], $11::bool[]) WITH ORDINALITY AS g(day,
            policy_domain, recipient_domain, of_host, policy_hash, policy_type, policy_strings,
            mx_hosts, successes, failures, send_report, n)
    ), sums AS (
        INSERT INTO outpost_private.tls_result AS r (day, policy_domain, recipient_domain, of_host,
            policy_hash, policy_type, policy_strings, mx_hosts, successes, failures, send_report)
        SELECT day::date, policy_domain, recipient_domain, of_host, policy_hash, policy_type,
            string_to_array(policy_strings, E'\n'), string_to_array(mx_hosts, E'\n'), successes,
            failures, send_report
        FROM given ORDER BY day, policy_domain, recipient_domain, of_host, policy_hash
        ON CONFLICT (day, policy_domain, recipient_domain, of_host, policy_hash) DO UPDATE SET
            successes = r.successes + excluded.successes,
            failures = r.failures + excluded.failures,
            send_report = r.send_report OR excluded.send_report,
            planned = false,
            updated_at = clock_timestamp()
        RETURNING id, day, policy_domain, recipient_domain, of_host, policy_hash
    )
    INSERT INTO outpost_private.tls_failure AS f (result_id, hash, result_type, failure_reason_code,
        receiving_mx_hostname, receiving_mx_helo, receiving_ip, sending_mta_ip,
        additional_information, sessions)
    SELECT s.id, d.hash, d.result_type, d.reason, d.mx, d.helo, d.receiving, d.sending, d.more,
        d.sessions
    FROM unnest($12::int8[], $13::bytea[], $14::text[], $15::text[], $16::text[], $17::text[],
        $18::text[], $19::text[], $20::text[], $21::int8[]) AS d(n, hash, result_type, reason, mx,
        helo, receiving, sending, more, sessions)
    JOIN given g USING (n)
    JOIN sums s ON s.day = g.day::date AND s.policy_domain = g.policy_domain
        AND s.recipient_domain = g.recipient_domain AND s.of_host = g.of_host
        AND s.policy_hash = g.policy_hash
    ORDER BY s.id, d.hash
    ON CONFLICT (result_id, hash) DO UPDATE SET sessions = f.sessions + excluded.sessions
)"};

// Before the next statement, which forgets what was. FOR UPDATE, so that of two nodes that see the
// same change one counts it.
const Statement note_changes{"evidence_note_changes", R"(
    INSERT INTO outpost_private.domain_ability_change AS c
        (domain, account, ability, hour, has, first_at, last_at, times)
    SELECT g.domain, g.account, v.ability, date_trunc('hour', g.at), v.after, g.at, g.at, 1
    FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
        $8::timestamptz[])
        AS g(account, domain, starttls, requiretls, mta_sts, dane, dnssec, at)
    JOIN (
        SELECT a.* FROM outpost_private.domain_ability a
        JOIN unnest($1::text[], $2::text[]) AS k(account, domain) USING (account, domain)
        ORDER BY a.account, a.domain FOR UPDATE OF a
    ) a ON a.account = g.account AND a.domain = g.domain AND a.last_attempt_at <= g.at
    CROSS JOIN LATERAL (VALUES
        ('starttls', (a.starttls).has, g.starttls::boolean),
        ('requiretls', (a.requiretls).has, g.requiretls::boolean),
        ('mta_sts', (a.mta_sts).has, g.mta_sts::boolean),
        ('dane', (a.dane).has, g.dane::boolean),
        ('dnssec', (a.dnssec).has, g.dnssec::boolean)
    ) AS v(ability, before, after)
    WHERE v.before <> v.after
    ON CONFLICT (domain, account, ability, hour, has) DO UPDATE SET
        times = c.times + 1, last_at = greatest(c.last_at, excluded.last_at)
)"};

const Statement put_abilities{"evidence_put_abilities", R"(
    INSERT INTO outpost_private.domain_ability AS a
        (account, domain, starttls, requiretls, mta_sts, dane, dnssec, last_attempt_at)
    SELECT account, domain, outpost_private.sighted(NULL, starttls::boolean, at),
        outpost_private.sighted(NULL, requiretls::boolean, at),
        outpost_private.sighted(NULL, mta_sts::boolean, at),
        outpost_private.sighted(NULL, dane::boolean, at),
        outpost_private.sighted(NULL, dnssec::boolean, at), at
    FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
        $8::timestamptz[])
        AS g(account, domain, starttls, requiretls, mta_sts, dane, dnssec, at)
    ORDER BY account, domain
    ON CONFLICT (account, domain) DO UPDATE SET
        starttls = outpost_private.sighted(
            a.starttls, (excluded.starttls).has, excluded.last_attempt_at),
        requiretls = outpost_private.sighted(
            a.requiretls, (excluded.requiretls).has, excluded.last_attempt_at),
        mta_sts = outpost_private.sighted(
            a.mta_sts, (excluded.mta_sts).has, excluded.last_attempt_at),
        dane = outpost_private.sighted(a.dane, (excluded.dane).has, excluded.last_attempt_at),
        dnssec = outpost_private.sighted(a.dnssec, (excluded.dnssec).has, excluded.last_attempt_at),
        last_attempt_at = excluded.last_attempt_at
    WHERE a.last_attempt_at <= excluded.last_attempt_at
)"};

// Not before the reports that they are a reason for are made (schema/steps/0106_tls_reports.sql).
const Statement expire_results{"evidence_expire_results", R"(
    DELETE FROM outpost_private.tls_result WHERE id IN (
        SELECT id FROM outpost_private.tls_result t
        WHERE day < (clock_timestamp() AT TIME ZONE 'UTC')::date - $1::int4
            AND NOT (send_report AND NOT planned)
            AND NOT EXISTS (
                SELECT FROM outpost_private.tls_report r
                WHERE r.day = t.day AND r.domain IN (t.recipient_domain, t.policy_domain)
                    AND r.state = 'due')
        LIMIT $2::int4 FOR UPDATE SKIP LOCKED)
)"};
const Statement expire_abilities{"evidence_expire_abilities", R"(
    DELETE FROM outpost_private.domain_ability a USING (
        SELECT account, domain FROM outpost_private.domain_ability
        WHERE last_attempt_at < clock_timestamp() - make_interval(days => $1::int4)
        LIMIT $2::int4 FOR UPDATE SKIP LOCKED) old
    WHERE a.account = old.account AND a.domain = old.domain
)"};
const Statement expire_changes{"evidence_expire_changes", R"(
    DELETE FROM outpost_private.domain_ability_change WHERE ctid IN (
        SELECT ctid FROM outpost_private.domain_ability_change
        WHERE hour < clock_timestamp() - make_interval(days => $1::int4)
        LIMIT $2::int4 FOR UPDATE SKIP LOCKED)
)"};
// Of runs that are long over.
const Statement expire_batches{"evidence_expire_batches", R"(
    DELETE FROM outpost_private.evidence_batch b WHERE written_at < clock_timestamp() - interval '1 day'
        AND NOT EXISTS (SELECT FROM outpost_private.node n WHERE n.id = b.node AND n.lease_until > clock_timestamp())
)"};

std::string lines(const std::vector<std::string>& all) {
    return fmt::format("{}", fmt::join(all, "\n"));
}

/// A key of a fixed size for what has none; equal for equals, on all nodes and for all times.
std::string hash(const std::vector<std::string>& parts) {
    std::string all;
    for (const std::string& part : parts)
        all += fmt::format("{}:{}", part.size(), part);
    return crypto::digest(crypto::Hash::sha256, all).substr(0, 16);
}

std::string hash(const Policy& policy) {
    return hash({std::string(text(policy.type)), lines(policy.strings), lines(policy.mx_hosts)});
}

std::string hash(const FailureDetail& detail) {
    return hash(
        {std::string(text(detail.type)), detail.failure_reason_code, detail.receiving_mx_hostname,
         detail.receiving_mx_helo, detail.receiving_ip, detail.sending_mta_ip,
         detail.additional_information}
    );
}

std::string date(std::chrono::sys_days day) {
    const std::chrono::year_month_day date{day};
    return fmt::format(
        "{:04}-{:02}-{:02}", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
        static_cast<unsigned>(date.day())
    );
}

std::vector<db::Bytes> views(const std::vector<std::string>& owners) {
    return {owners.begin(), owners.end()};
}

/// Results, column by column.
struct ResultColumns {
    std::vector<std::string> day, policy_domain, recipient_domain, hash, type, strings, mx_hosts;
    std::vector<bool> of_host, send_report;
    std::vector<std::int64_t> successes, failures;

    void add(const ResultKey& key, const ResultSum& sum) {
        day.push_back(date(key.day));
        policy_domain.push_back(key.policy.domain);
        recipient_domain.push_back(key.recipient_domain);
        of_host.push_back(key.of_host);
        hash.push_back(tls_results::hash(key.policy));
        type.emplace_back(text(key.policy.type));
        strings.push_back(lines(key.policy.strings));
        mx_hosts.push_back(lines(key.policy.mx_hosts));
        successes.push_back(sum.successes);
        failures.push_back(sum.failures);
        send_report.push_back(sum.send_report);
    }
};

/// Their details, each with the number of its result, from 1.
struct DetailColumns {
    std::vector<std::int64_t> result, sessions;
    std::vector<std::string> hash, type, reason, mx, helo, receiving, sending, more;

    void add(std::int64_t of_result, const FailureDetail& detail) {
        result.push_back(of_result);
        hash.push_back(tls_results::hash(detail));
        type.emplace_back(text(detail.type));
        reason.push_back(detail.failure_reason_code);
        mx.push_back(detail.receiving_mx_hostname);
        helo.push_back(detail.receiving_mx_helo);
        receiving.push_back(detail.receiving_ip);
        sending.push_back(detail.sending_mta_ip);
        more.push_back(detail.additional_information);
        sessions.push_back(detail.sessions);
    }
};

void write_results(db::Session& session, const Batch& batch) {
    if (batch.results.empty()) return;
    ResultColumns r;
    DetailColumns d;
    for (const auto& [key, sum] : batch.results) {
        r.add(key, sum);
        const auto number = static_cast<std::int64_t>(r.day.size());
        for (const FailureDetail& detail : sum.details)
            d.add(number, detail);
    }
    session.exec(
        add_results, r.day, r.policy_domain, r.recipient_domain, r.of_host, views(r.hash), r.type,
        r.strings, r.mx_hosts, r.successes, r.failures, r.send_report, d.result, views(d.hash),
        d.type, d.reason, d.mx, d.helo, d.receiving, d.sending, d.more, d.sessions
    );
}

void write_abilities(db::Session& session, const Batch& batch) {
    if (batch.abilities.empty()) return;
    using Answers = std::vector<std::optional<std::string>>;
    const auto said = [](const std::optional<bool>& answer) {
        return answer ? std::optional<std::string>(*answer ? "yes" : "no") : std::nullopt;
    };
    std::vector<std::string> account, domain;
    Answers starttls, requiretls, mta_sts, dane, dnssec;
    std::vector<WallTime> at;
    for (const auto& [key, known] : batch.abilities) {
        account.push_back(key.account);
        domain.push_back(key.domain);
        starttls.push_back(said(known.abilities.starttls));
        requiretls.push_back(said(known.abilities.requiretls));
        mta_sts.push_back(said(known.abilities.policy("mta_sts")));
        dane.push_back(said(known.abilities.policy("dane")));
        dnssec.push_back(said(known.abilities.dnssec));
        at.push_back(known.at);
    }
    for (const Statement* statement : {&note_changes, &put_abilities})
        session.exec(*statement, account, domain, starttls, requiretls, mta_sts, dane, dnssec, at);
}

bool deletes_all(db::Session& session, const Statement& statement, std::chrono::days age) {
    constexpr int most = 500;
    return session.exec(statement, static_cast<int>(age.count()), most).affected() < most;
}

}  // namespace

void write(db::Session& session, std::int64_t node, std::int64_t number, const Batch& batch) {
    db::Transaction transaction(session);
    if (session.exec(note_batch, node, number).affected() == 0) return;
    write_results(session, batch);
    write_abilities(session, batch);
    transaction.commit();
}

bool expire(db::Session& session, const Keep& keep) {
    const bool results = deletes_all(session, expire_results, keep.results);
    const bool abilities = deletes_all(session, expire_abilities, keep.abilities);
    const bool changes = deletes_all(session, expire_changes, keep.abilities);
    session.exec(expire_batches);
    return !(results && abilities && changes);
}

}  // namespace outpost::tls_results
