// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <iostream>

#include "core/cli/commands.hpp"
#include "core/foundation/base/log.hpp"
#include "core/foundation/database/session.hpp"

/// What deliveries have learned of other servers' TLS, from the database.
namespace outpost::cli {
namespace {

using db::Statement;
using nlohmann::json;

const Statement ask_abilities{"cli_tls_abilities", R"(
    SELECT recipient, domain, starttls, requiretls, mta_sts, dane, dnssec,
        to_char(seen_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), requiretls_safe,
        requiretls_safe_for_all
    FROM outpost.tls_abilities($1, $2::text[])
)"};

const Statement list_results{"cli_tls_results", R"(
    SELECT day::text, recipient_domain, policy_domain, about, policy_type, successes, failures,
        result_id
    FROM outpost.tls_results
    WHERE ($1 = '' OR day = nullif($1, '')::date) AND ($2 = '' OR recipient_domain = $2)
    ORDER BY day DESC, recipient_domain, about, policy_domain, result_id LIMIT 1000
)"};
const Statement list_failures{"cli_tls_failures", R"(
    SELECT result_type, failure_reason_code, receiving_mx_hostname, receiving_ip, sessions
    FROM outpost.tls_failures WHERE result_id = $1::int8
    ORDER BY sessions DESC, result_type, failure_reason_code, receiving_mx_hostname
)"};
const Statement results_as_json{"cli_tls_results_json", R"(
    SELECT (to_jsonb(r) - 'failure_details' || jsonb_build_object('failure_details', (
        SELECT coalesce(jsonb_agg(
            to_jsonb(f) - ARRAY['day', 'recipient_domain', 'policy_domain', 'policy_type', 'result_id']
            ORDER BY f.sessions DESC, f.result_type, f.failure_reason_code), '[]')
        FROM outpost.tls_failures f WHERE f.result_id = r.result_id)))::text
    FROM outpost.tls_results r
    WHERE ($1 = '' OR day = nullif($1, '')::date) AND ($2 = '' OR recipient_domain = $2)
    ORDER BY day DESC, recipient_domain, about, policy_domain, result_id
)"};

/// Whose mail is asked about: the account named, else the only one that there is.
std::optional<std::string> account_of(const server::Settings& settings, const std::string& named) {
    if (!named.empty()) return named;
    if (settings.accounts.empty()) return "";
    if (settings.accounts.size() == 1) return settings.accounts.begin()->first;
    return std::nullopt;
}

json abilities_to_json(const db::Rows& rows) {
    json out = {{"recipients", json::array()}};
    for (const db::Row row : rows) {
        const auto seen = row.optional_text(7);
        out["recipients"].push_back(
            {{"recipient", row.text(0)},
             {"domain", row.text(1)},
             {"starttls", row.text(2)},
             {"requiretls", row.text(3)},
             {"mta_sts", row.text(4)},
             {"dane", row.text(5)},
             {"dnssec", row.text(6)},
             {"seen_at", seen ? json(*seen) : json(nullptr)},
             {"requiretls_safe", row.flag(8)}}
        );
        out["requiretls_safe"] = row.flag(9);
    }
    return out;
}

void print_abilities(const db::Rows& rows) {
    for (const db::Row row : rows) {
        std::cout << fmt::format(
            "{}\n    STARTTLS {}, REQUIRETLS {}, MTA-STS {}, DANE {}, DNSSEC {}\n    {}\n",
            log::printable(row.text(0)), row.text(2), row.text(3), row.text(4), row.text(5),
            row.text(6), row.is_null(7) ? "no mail has gone there yet" : "last seen " + row.text(7)
        );
    }
    const bool safe = rows.at(0).flag(9);
    std::cout << "REQUIRETLS may be chosen safely: " << (safe ? "yes" : "no") << "\n";
}

void print_results(db::Session& session, const db::Rows& rows) {
    for (const db::Row row : rows) {
        std::cout << fmt::format(
            "{}  {}  {} {}  {}  {} succeeded, {} failed\n", row.text(0), row.text(1), row.text(3),
            row.text(2), row.text(4), row.number(5), row.number(6)
        );
        for (const db::Row failure : session.exec(list_failures, row.number(7))) {
            std::cout << fmt::format("    {} x {}", failure.number(4), failure.text(0));
            for (int column = 1; column <= 3; ++column) {
                if (!failure.view(column).empty())
                    std::cout << "  " << log::printable(failure.text(column));
            }
            std::cout << "\n";
        }
    }
    std::cout << rows.size() << (rows.size() == 1000 ? " or more" : "")
              << (rows.size() == 1 ? " result\n" : " results\n");
}

}  // namespace

int tls_abilities(const server::Loaded& loaded, const AbilitiesQuestion& question) {
    const auto account = account_of(loaded.settings, question.account);
    if (!account) {
        std::cerr << "outpost tls abilities: there are several accounts: say --account\n";
        return usage;
    }
    try {
        db::Session session(loaded.settings.database);
        const db::Rows rows = session.exec(ask_abilities, *account, question.recipients);
        if (question.as_json)
            std::cout << abilities_to_json(rows).dump() << "\n";
        else
            print_abilities(rows);
    } catch (const db::Error& error) {
        std::cerr << "outpost tls abilities: " << error.what() << "\n";
        return failed;
    }
    return ok;
}

int tls_results(const server::Loaded& loaded, const ResultsQuestion& question) {
    const auto domain = domain_or_complain("tls results", question.domain);
    if (!domain) return usage;
    try {
        db::Session session(loaded.settings.database);
        if (question.as_json) {
            for (const db::Row row : session.exec(results_as_json, question.day, *domain))
                std::cout << row.text(0) << "\n";
        } else {
            print_results(session, session.exec(list_results, question.day, *domain));
        }
    } catch (const db::Error& error) {
        std::cerr << "outpost tls results: " << error.what() << "\n";
        return failed;
    }
    return ok;
}

}  // namespace outpost::cli
