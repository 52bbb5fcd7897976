// SPDX-License-Identifier: Apache-2.0
#include "core/tls_reports/receiving/tls_report_store_pg.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <memory>
#include <utility>

namespace outpost::tls_report_receiving {
namespace {

using db::Statement;

// What comes by HTTPS may have come by mail before, under another submitter.
const Statement note_duplicate{"tls_report_note_duplicate", R"(
    UPDATE outpost_private.received_tls_report SET duplicates = duplicates + 1
    WHERE (way = $1 AND submitter = $2 AND report_id = $3)
       OR ($1 = 'https' AND way = 'mail' AND organization = $2 AND report_id = $3)
    RETURNING id
)"};
const Statement count_quota{"tls_report_count_quota", R"(
    INSERT INTO outpost_private.tls_report_quota AS q (day, whom, reports, octets)
    SELECT (clock_timestamp() AT TIME ZONE 'UTC')::date, $1, 1, $2::int8
    WHERE $3::int8 >= 1 AND $2::int8 <= $4::int8
    ON CONFLICT (day, whom) DO UPDATE SET reports = q.reports + 1, octets = q.octets + excluded.octets
    WHERE q.reports < $3::int8 AND q.octets + excluded.octets <= $4::int8
)"};
const Statement insert_report{"tls_report_insert", R"(
    INSERT INTO outpost_private.received_tls_report (way, submitter, report_id, organization, contact,
        period_begin, period_end, from_domain, mail_from, client, header, json_gzip, octets)
    VALUES ($1, $2, $3, $4, $5, $6::timestamptz, $7::timestamptz, $8, $9, $10, $11::bytea, $12::bytea,
        $13::int8)
    ON CONFLICT (way, submitter, report_id) DO NOTHING RETURNING id
)"};
// A mail is worth more: it is signed.
const Statement replace_https{"tls_report_replace_https", R"(
    DELETE FROM outpost_private.received_tls_report
    WHERE way = 'https' AND submitter = $1 AND report_id = $2
)"};
const Statement insert_policies{"tls_report_insert_policies", R"(
    INSERT INTO outpost_private.received_tls_policy (report, number, policy_domain, of_host, policy_type,
        policy_strings, mx_hosts, successes, failures)
    SELECT $1::int8, number, domain, of_host, type, string_to_array(strings, E'\n'),
        string_to_array(mx_hosts, E'\n'), successes, failures
    FROM unnest($2::text[], $3::bool[], $4::text[], $5::text[], $6::text[], $7::int8[], $8::int8[])
        WITH ORDINALITY AS p(domain, of_host, type, strings, mx_hosts, successes, failures, number)
)"};
const Statement insert_failures{"tls_report_insert_failures", R"(
    INSERT INTO outpost_private.received_tls_failure (report, policy, number, result_type,
        failure_reason_code, sending_mta_ip, receiving_mx_hostname, receiving_mx_helo, receiving_ip,
        additional_information, sessions)
    SELECT $1::int8, policy, number, type, reason, sending, mx, helo, receiving, more, sessions
    FROM unnest($2::int8[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
            $9::text[], $10::int8[])
        WITH ORDINALITY AS f(policy, type, reason, sending, mx, helo, receiving, more, sessions, number)
)"};
const Statement delete_old{"tls_report_expire", R"(
    DELETE FROM outpost_private.received_tls_report WHERE id IN (
        SELECT id FROM outpost_private.received_tls_report
        WHERE received_at < clock_timestamp() - make_interval(secs => $1::float8)
        ORDER BY received_at LIMIT $2::int4 FOR UPDATE SKIP LOCKED)
)"};
const Statement delete_old_quotas{"tls_report_expire_quotas", R"(
    DELETE FROM outpost_private.tls_report_quota
    WHERE day < (clock_timestamp() AT TIME ZONE 'UTC')::date - 1
)"};

std::string lines(const std::vector<std::string>& all) {
    return fmt::format("{}", fmt::join(all, "\n"));
}

/// Policies, column by column.
struct PolicyColumns {
    std::vector<std::string> domain, type, strings, mx_hosts;
    std::vector<bool> of_host;
    std::vector<std::int64_t> successes, failures;

    void add(const ReportedPolicy& reported) {
        domain.push_back(reported.policy.domain);
        of_host.push_back(reported.of_host);
        type.emplace_back(text(reported.policy.type));
        strings.push_back(lines(reported.policy.strings));
        mx_hosts.push_back(lines(reported.policy.mx_hosts));
        successes.push_back(reported.successes);
        failures.push_back(reported.failures);
    }
};

/// Their failures, each with the number of its policy, from 1.
struct FailureColumns {
    std::vector<std::int64_t> policy, sessions;
    std::vector<std::string> type, reason, sending, mx, helo, receiving, more;

    void add(std::int64_t of_policy, const ReportedPolicy::Failure& failure) {
        const tlsrpt::FailureDetail& detail = failure.detail;
        policy.push_back(of_policy);
        type.push_back(failure.type);
        reason.push_back(detail.failure_reason_code);
        sending.push_back(detail.sending_mta_ip);
        mx.push_back(detail.receiving_mx_hostname);
        helo.push_back(detail.receiving_mx_helo);
        receiving.push_back(detail.receiving_ip);
        more.push_back(detail.additional_information);
        sessions.push_back(detail.sessions);
    }
};

bool is_duplicate(db::Session& session, const TlsReport& report) {
    return !session.exec(note_duplicate, text(report.way), report.submitter, report.report_id)
                .empty();
}

bool is_within(db::Session& session, const TlsReport& report, const ReportQuota& quota) {
    return session.exec(count_quota, quota.whom, report.octets, quota.reports, quota.octets)
               .affected() == 1;
}

void insert_rows(db::Session& session, std::int64_t id, const TlsReport& report) {
    PolicyColumns p;
    FailureColumns f;
    for (const ReportedPolicy& reported : report.policies) {
        p.add(reported);
        const auto number = static_cast<std::int64_t>(p.domain.size());
        for (const auto& failure : reported.details)
            f.add(number, failure);
    }
    session.exec(
        insert_policies, id, p.domain, p.of_host, p.type, p.strings, p.mx_hosts, p.successes,
        p.failures
    );
    session.exec(
        insert_failures, id, f.policy, f.type, f.reason, f.sending, f.mx, f.helo, f.receiving,
        f.more, f.sessions
    );
}

}  // namespace

// Two nodes that get the same report at once both come to the insertion, where one waits for the
// other; what it has counted by then is rolled back.
Kept keep(db::Session& session, const TlsReport& report, const std::vector<ReportQuota>& quotas) {
    if (is_duplicate(session, report)) return Kept::duplicate;
    db::Transaction transaction(session);
    for (const ReportQuota& quota : quotas)
        if (!is_within(session, report, quota)) return Kept::over_quota;
    const db::Rows inserted = session.exec(
        insert_report, text(report.way), report.submitter, report.report_id, report.organization,
        report.contact, report.begin, report.end, report.from_domain, report.mail_from,
        report.client, db::Bytes(report.header), db::Bytes(report.json_gzip), report.octets
    );
    if (inserted.empty()) {
        transaction.rollback();
        is_duplicate(session, report);
        return Kept::duplicate;
    }
    insert_rows(session, inserted.at(0).number(0), report);
    if (report.way == ReportWay::mail)
        session.exec(replace_https, report.organization, report.report_id);
    transaction.commit();
    return Kept::fresh;
}

awaitable<Kept> PgTlsReportStore::keep(TlsReport report, std::vector<ReportQuota> quotas) {
    // Shared: the work is copied on its way, and a report may be large.
    const auto shared = std::make_shared<const TlsReport>(std::move(report));
    const auto work = [shared, quotas = std::move(quotas)](db::Session& session) {
        return tls_report_receiving::keep(session, *shared, quotas);
    };
    co_return co_await pool_.run(work);
}

bool expire_tls_reports(db::Session& session, std::chrono::seconds age) {
    constexpr int most = 50;  // reports; each may have thousands of rows
    session.exec(delete_old_quotas);
    const auto deleted =
        session.exec(delete_old, static_cast<double>(age.count()), most).affected();
    return deleted == static_cast<std::size_t>(most);
}

}  // namespace outpost::tls_report_receiving
