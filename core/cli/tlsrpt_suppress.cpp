// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <iostream>

#include "core/cli/commands.hpp"
#include "core/foundation/base/log.hpp"
#include "core/foundation/database/session.hpp"

namespace outpost::cli {
namespace {

using db::Statement;

const Statement list_places{"cli_tlsrpt_suppressions", R"(
    SELECT place, to_char(until AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI'), reason,
        CASE WHEN message_id IS NOT NULL THEN 'message ' || message_id || ' bounced'
        ELSE 'by ' || suppressed_by END
    FROM outpost.tls_report_suppressions WHERE in_force ORDER BY place
)"};
const Statement add_place{"cli_tlsrpt_suppress", R"(
    SELECT outpost.suppress_tls_reports($1, now() + make_interval(days => $2::int4), $3)
)"};
const Statement remove_place{"cli_tlsrpt_unsuppress", "SELECT outpost.unsuppress_tls_reports($1)"};

int list(db::Session& session) {
    const db::Rows rows = session.exec(list_places);
    for (const db::Row row : rows) {
        std::cout << fmt::format(
            "{}  until {}  {}", log::printable(row.text(0)), row.text(1),
            log::printable(row.text(3))
        );
        if (!row.view(2).empty()) std::cout << ": " << log::printable(row.text(2));
        std::cout << "\n";
    }
    std::cout << rows.size() << (rows.size() == 1 ? " place\n" : " places\n");
    return ok;
}

int remove(db::Session& session, const std::string& place) {
    if (session.exec(remove_place, place).at(0).flag(0)) return ok;
    std::cerr << "outpost tlsrpt suppress remove: it was not suppressed\n";
    return failed;
}

int act(db::Session& session, const PlaceAction& action) {
    if (action.name == "list") return list(session);
    if (action.name == "remove") return remove(session, action.place);
    session.exec(add_place, action.place, action.days, action.reason);
    return ok;
}

}  // namespace

int tlsrpt_suppress(const server::Loaded& loaded, const PlaceAction& action) {
    try {
        db::Session session(loaded.settings.database);
        return act(session, action);
    } catch (const db::Error& error) {
        std::cerr << "outpost tlsrpt suppress " << action.name << ": " << error.what() << "\n";
        return failed;
    }
}

}  // namespace outpost::cli
