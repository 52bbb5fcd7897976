// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <iostream>
#include <optional>
#include <string>
#include <thread>

#include "core/cli/commands.hpp"
#include "core/foundation/database/session.hpp"
#include "core/net/dns/domain.hpp"

namespace outpost::cli {
namespace {

using db::Statement;
using namespace std::chrono_literals;

#define TIME(column) "coalesce(to_char(" column ", 'YYYY-MM-DD HH24:MI:SS'), '')"
const Statement list_policies{"cli_mta_sts_list", R"(
    SELECT domain, CASE WHEN in_force THEN mode ELSE coalesce(mode || ', over', 'none known') END,
        )" TIME("valid_until") R"(, coalesce(failure_text, '')
    FROM outpost.mta_sts_policies ORDER BY domain
)"};
const Statement show_policy{"cli_mta_sts_show", R"(
    SELECT in_force, coalesce(mode, ''), coalesce(record_id, ''), )" TIME("fetched_at") R"(,
        )" TIME("valid_until") ", " TIME("refresh_at") R"(, coalesce(failure, ''),
        coalesce(failure_text, ''), )" TIME("failed_at") ", " TIME("retry_at") R"(,
        last_used_at::date::text, coalesce(policy_text, '')
    FROM outpost.mta_sts_policies WHERE domain = $1
)"};
#undef TIME
const Statement ask_refresh{"cli_mta_sts_refresh", "SELECT outpost.mta_sts_refresh($1)"};
const Statement is_waiting{"cli_mta_sts_waiting", R"(
    SELECT 1 FROM outpost.mta_sts_policies
    WHERE domain = $1 AND (being_fetched OR refresh_at <= now())
)"};

/// For a node to look the record up and fetch the policy, whatever their limits.
constexpr auto longest_refresh = 100s;

void print_policy(const std::string& domain, const db::Row& row) {
    const auto line = [](const char* name, const std::string& value) {
        if (!value.empty()) std::cout << name << value << "\n";
    };
    std::cout << domain << "\n";
    if (row.view(1).empty()) {
        std::cout << "  no policy is known\n";
    } else {
        std::cout << "  mode:     " << row.view(1) << (row.flag(0) ? "\n" : ", its time is over\n");
    }
    line("  id:       ", row.text(2));
    line("  fetched:  ", row.text(3));
    line("  valid to: ", row.text(4));
    line("  refresh:  ", row.text(5));
    line("  used:     ", row.text(10));
    if (!row.view(6).empty()) {
        std::cout << "  failed:   " << row.view(8) << ", " << row.view(6) << ": " << row.view(7)
                  << "\n";
        line("  not tried before: ", row.text(9));
    }
    if (!row.view(11).empty()) std::cout << "\n" << row.view(11) << "\n";
}

int show(db::Session& session, const std::string& domain) {
    const db::Rows rows = session.exec(show_policy, domain);
    if (rows.empty()) {
        std::cout << "nothing is stored of " << domain << "\n";
        return failed;
    }
    print_policy(domain, rows.at(0));
    return ok;
}

int refresh(db::Session& session, const std::string& domain) {
    session.exec(ask_refresh, domain);
    const auto until = std::chrono::steady_clock::now() + longest_refresh;
    while (!session.exec(is_waiting, domain).empty()) {
        if (std::chrono::steady_clock::now() > until) {
            std::cerr << "outpost mta-sts refresh: no node has done it yet; is one running?\n";
            return unavailable;
        }
        std::this_thread::sleep_for(200ms);
    }
    if (!session.exec(show_policy, domain).empty()) return show(session, domain);
    std::cout << domain << " has no MTA-STS record\n";
    return ok;
}

int list(db::Session& session) {
    const db::Rows rows = session.exec(list_policies);
    for (const db::Row row : rows) {
        std::cout << row.text(0) << "  " << row.text(1);
        if (!row.view(2).empty()) std::cout << "  until " << row.text(2);
        if (!row.view(3).empty()) std::cout << "  (" << row.text(3) << ")";
        std::cout << "\n";
    }
    std::cout << rows.size() << (rows.size() == 1 ? " domain\n" : " domains\n");
    return ok;
}

}  // namespace

int mta_sts_list(const server::Loaded& loaded) {
    db::Session session(loaded.settings.database);
    return list(session);
}

int mta_sts_act(const server::Loaded& loaded, const PolicyAction& action) {
    const auto domain = dns::Domain::parse(action.domain);
    if (!domain) {
        std::cerr << "outpost mta-sts " << action.name << ": " << domain.error() << "\n";
        return usage;
    }
    try {
        db::Session session(loaded.settings.database);
        return action.name == "show" ? show(session, domain->ascii())
                                     : refresh(session, domain->ascii());
    } catch (const db::Error& error) {
        std::cerr << "outpost mta-sts " << action.name << ": " << error.what() << "\n";
        return failed;
    }
}

}  // namespace outpost::cli
