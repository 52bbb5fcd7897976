// SPDX-License-Identifier: Apache-2.0
#include "core/tls_reports/sending/material.hpp"

#include <map>

#include "core/tls_reports/sending/days.hpp"

namespace outpost::tls_reports {
namespace {

using db::Statement;
using tlsrpt::DayRow;

const std::string select_results = R"(
    SELECT r.id, r.recipient_domain, r.of_host, r.send_report, r.policy_type,
        array_to_string(r.policy_strings, E'\n'), r.policy_domain,
        array_to_string(r.mx_hosts, E'\n'), r.successes, r.failures
    FROM outpost_private.tls_result r WHERE r.day = date '1970-01-01' + $1::int4 AND )";
const std::string select_failures = R"(
    SELECT f.result_id, f.result_type, f.failure_reason_code, f.receiving_mx_hostname,
        f.receiving_mx_helo, f.receiving_ip, f.sending_mta_ip, f.additional_information, f.sessions
    FROM outpost_private.tls_failure f JOIN outpost_private.tls_result r ON r.id = f.result_id
    WHERE r.day = date '1970-01-01' + $1::int4 AND )";
const std::string of_recipient = "r.recipient_domain = $2";
const std::string of_host = "r.of_host AND r.policy_domain = $2";

const std::string recipient_results_sql = select_results + of_recipient;
const std::string recipient_failures_sql = select_failures + of_recipient;
const std::string host_results_sql = select_results + of_host;
const std::string host_failures_sql = select_failures + of_host;
const Statement recipient_results{"tls_reports_recipient_results", recipient_results_sql.c_str()};
const Statement recipient_failures{
    "tls_reports_recipient_failures", recipient_failures_sql.c_str()
};
const Statement host_results{"tls_reports_host_results", host_results_sql.c_str()};
const Statement host_failures{"tls_reports_host_failures", host_failures_sql.c_str()};

const Statement sent_reports{"tls_reports_sent", R"(
    SELECT domain, places FROM outpost_private.tls_report
    WHERE day = date '1970-01-01' + $1::int4 AND NOT to_host AND domain = ANY ($2::text[])
        AND state IN ('sending', 'sent')
)"};
const Statement suppressed_places{"tls_reports_suppressed", R"(
    SELECT p FROM unnest($1::text[]) p
    JOIN outpost_private.tls_report_suppression s
        ON s.key = outpost_private.tls_report_place_key(p) AND s.until > clock_timestamp()
)"};

std::vector<std::string> lines(const std::string& text) {
    std::vector<std::string> all;
    for (std::size_t at = 0; !text.empty() && at <= text.size();) {
        const auto end = std::min(text.find('\n', at), text.size());
        all.push_back(text.substr(at, end - at));
        at = end + 1;
    }
    return all;
}

DayRow row_of(const db::Row& row, std::chrono::sys_days day) {
    DayRow result;
    result.day = day;
    result.recipient_domain = row.text(1);
    result.result.of_host = row.flag(2);
    result.send_report = row.flag(3);
    tlsrpt::Policy& policy = result.result.policy;
    policy.type =
        tlsrpt::parse_policy_type(row.view(4)).value_or(tlsrpt::PolicyType::no_policy_found);
    policy.strings = lines(row.text(5));
    policy.domain = row.text(6);
    policy.mx_hosts = lines(row.text(7));
    result.result.successes = row.number(8);
    result.result.failures = row.number(9);
    return result;
}

tlsrpt::FailureDetail detail_of(const db::Row& row) {
    tlsrpt::FailureDetail detail;
    detail.type =
        tlsrpt::parse_result_type(row.view(1)).value_or(tlsrpt::ResultType::validation_failure);
    detail.failure_reason_code = row.text(2);
    detail.receiving_mx_hostname = row.text(3);
    detail.receiving_mx_helo = row.text(4);
    detail.receiving_ip = row.text(5);
    detail.sending_mta_ip = row.text(6);
    detail.additional_information = row.text(7);
    detail.sessions = row.number(8);
    return detail;
}

std::vector<DayRow> load_rows(db::Session& session, const tlsrpt::ReportKey& key) {
    std::map<std::int64_t, DayRow> rows;
    const int day = number_of(key.day);
    const auto& results = key.to_host ? host_results : recipient_results;
    for (const db::Row row : session.exec(results, day, key.domain))
        rows.emplace(row.number(0), row_of(row, key.day));
    const auto& failures = key.to_host ? host_failures : recipient_failures;
    for (const db::Row row : session.exec(failures, day, key.domain)) {
        const auto found = rows.find(row.number(0));
        if (found != rows.end()) found->second.result.details.push_back(detail_of(row));
    }
    std::vector<DayRow> all;
    for (auto& [id, row] : rows)
        all.push_back(std::move(row));
    return all;
}

tlsrpt::SentReports load_sent(
    db::Session& session, const tlsrpt::ReportKey& key, const std::vector<DayRow>& rows
) {
    std::vector<std::string> recipients;
    for (const DayRow& row : rows)
        recipients.push_back(row.recipient_domain);
    tlsrpt::SentReports sent;
    for (const db::Row row : session.exec(sent_reports, number_of(key.day), recipients)) {
        const auto places = lines(row.text(1));
        sent[{key.day, row.text(0)}] = tlsrpt::Places(places.begin(), places.end());
    }
    return sent;
}

tlsrpt::Places load_suppressed(db::Session& session, const tlsrpt::Places& places) {
    const std::vector<std::string> all(places.begin(), places.end());
    tlsrpt::Places suppressed;
    for (const db::Row row : session.exec(suppressed_places, all))
        suppressed.insert(row.text(0));
    return suppressed;
}

}  // namespace

Material load_material(
    db::Session& session, const tlsrpt::ReportKey& key, const tlsrpt::Record& record
) {
    Material material;
    material.rows = load_rows(session, key);
    if (key.to_host) material.sent = load_sent(session, key, material.rows);
    material.suppressed = load_suppressed(session, places_of(record));
    return material;
}

}  // namespace outpost::tls_reports
