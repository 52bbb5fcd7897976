// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <iostream>

#include "core/cli/commands.hpp"
#include "core/foundation/base/log.hpp"
#include "core/foundation/database/session.hpp"
#include "core/mail/tlsrpt/gzip.hpp"
#include "core/mail/tlsrpt/report_message.hpp"

/// What others report of TLS with us, from the database.
namespace outpost::cli {
namespace {

using db::Statement;

const Statement list_days{"cli_received_tls_days", R"(
    SELECT day::text, policy_domain, about, way, reports, array_to_string(organizations, ', '),
        successes, failures
    FROM outpost.received_tls_days
    WHERE ($1 = '' OR policy_domain = $1) AND day > (now() AT TIME ZONE 'UTC')::date - $2::int4
    ORDER BY day DESC, policy_domain, about, way LIMIT 1000
)"};
const Statement list_failures{"cli_received_tls_failures", R"(
    SELECT result_type, failure_reason_code, sending_mta_ip, receiving_mx_hostname, receiving_ip,
        sum(sessions), min(report), count(DISTINCT report)
    FROM outpost.received_tls_failures
    WHERE day = $1::date AND policy_domain = $2 AND about = $3 AND way = $4
    GROUP BY 1, 2, 3, 4, 5 ORDER BY 6 DESC, 1, 2, 3, 4, 5 LIMIT 100
)"};
const Statement days_as_json{"cli_received_tls_days_json", R"(
    SELECT (to_jsonb(d) || jsonb_build_object('failure_details', (
        SELECT coalesce(jsonb_agg(to_jsonb(f) - ARRAY['day', 'policy_domain', 'about', 'way']
            ORDER BY f.sessions DESC, f.result_type, f.failure_reason_code), '[]')
        FROM outpost.received_tls_failures f
        WHERE f.day = d.day AND f.policy_domain = d.policy_domain AND f.about = d.about
            AND f.way = d.way)))::text
    FROM outpost.received_tls_days d
    WHERE ($1 = '' OR policy_domain = $1) AND day > (now() AT TIME ZONE 'UTC')::date - $2::int4
    ORDER BY day DESC, policy_domain, about, way
)"};
const Statement get_report{"cli_received_tls_report", R"(
    SELECT json_gzip FROM outpost.received_tls_reports WHERE report = $1::int8
)"};

void print_failure(const db::Row& row) {
    std::cout << fmt::format("    {} x {}", row.text(5), log::printable(row.text(0)));
    if (!row.view(2).empty()) std::cout << "  from " << log::printable(row.text(2));
    for (int column = 3; column <= 4; ++column) {
        if (!row.view(column).empty())
            std::cout << (column == 3 ? "  to " : "  at ") << log::printable(row.text(column));
    }
    if (!row.view(1).empty()) std::cout << "  (" << log::printable(row.text(1)) << ")";
    std::cout << fmt::format("  report {}", row.number(6));
    if (row.number(7) > 1) std::cout << fmt::format(" and {} more", row.number(7) - 1);
    std::cout << "\n";
}

void print_days(db::Session& session, const db::Rows& rows) {
    for (const db::Row row : rows) {
        std::cout << fmt::format(
            "{}  {} {}  {} succeeded, {} failed  {} {} by {}: {}\n", row.text(0), row.text(2),
            row.text(1), row.text(6), row.text(7), row.number(4),
            row.number(4) == 1 ? "report" : "reports", row.text(3), log::printable(row.text(5))
        );
        for (const db::Row failure :
             session.exec(list_failures, row.text(0), row.text(1), row.text(2), row.text(3)))
            print_failure(failure);
    }
    if (rows.empty()) std::cout << "no reports\n";
}

int print_raw(db::Session& session, std::int64_t report) {
    const db::Rows rows = session.exec(get_report, report);
    if (rows.empty()) {
        std::cerr << "outpost tlsrpt received: there is no report " << report << "\n";
        return failed;
    }
    std::cout << tlsrpt::gunzip(rows.at(0).bytes(0), tlsrpt::longest_report).value_or("");
    return ok;
}

int show(db::Session& session, const ReceivedQuestion& question, const std::string& domain) {
    if (question.report > 0) return print_raw(session, question.report);
    if (question.as_json) {
        for (const db::Row row : session.exec(days_as_json, domain, question.days))
            std::cout << row.text(0) << "\n";
    } else {
        print_days(session, session.exec(list_days, domain, question.days));
    }
    return ok;
}

}  // namespace

int tlsrpt_received(const server::Loaded& loaded, const ReceivedQuestion& question) {
    const auto domain = domain_or_complain("tlsrpt received", question.domain);
    if (!domain) return usage;
    try {
        db::Session session(loaded.settings.database);
        return show(session, question, *domain);
    } catch (const db::Error& error) {
        std::cerr << "outpost tlsrpt received: " << error.what() << "\n";
        return failed;
    }
}

}  // namespace outpost::cli
