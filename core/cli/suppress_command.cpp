// SPDX-License-Identifier: Apache-2.0
#include <iostream>
#include <optional>

#include "core/cli/commands.hpp"
#include "core/foundation/config/scalars.hpp"
#include "core/foundation/database/session.hpp"

namespace outpost::cli {
namespace {

using db::Statement;

const Statement list_suppressions{"cli_suppress_list", R"(
    SELECT address, to_char(created_at, 'YYYY-MM-DD HH24:MI:SS'),
        coalesce('until ' || to_char(until, 'YYYY-MM-DD HH24:MI:SS'), 'until removed'),
        CASE WHEN suppressed_by <> '' THEN 'by ' || suppressed_by
            ELSE 'by the failure of message ' || message_id END,
        reason
    FROM outpost.suppressions WHERE in_force ORDER BY domain, address
)"};
const Statement suppress{"cli_suppress_add", R"(
    SELECT outpost.suppress($1, now() + make_interval(secs => $2::float8), $3)
)"};
const Statement unsuppress{"cli_suppress_remove", "SELECT outpost.unsuppress($1)"};

int complain(const char* command, const std::string& what) {
    std::cerr << "outpost suppress " << command << ": " << what << "\n";
    return failed;
}

}  // namespace

int suppress_list(const server::Loaded& loaded) {
    db::Session session(loaded.settings.database);
    const db::Rows rows = session.exec(list_suppressions);
    for (const db::Row row : rows) {
        std::cout << row.text(0) << "  since " << row.text(1) << " " << row.text(2) << "  "
                  << row.text(3) << "\n";
        if (!row.view(4).empty()) std::cout << "    " << row.text(4) << "\n";
    }
    std::cout << rows.size() << (rows.size() == 1 ? " address\n" : " addresses\n");
    return ok;
}

int suppress_add(const server::Loaded& loaded, const SuppressAction& action) {
    std::optional<double> seconds;
    if (!action.span.empty()) {
        const auto span = config::parse_duration(action.span);
        if (!span) {
            complain("add", span.error());
            return usage;
        }
        seconds = std::chrono::duration<double>(*span).count();
    }
    try {
        db::Session session(loaded.settings.database);
        session.exec(suppress, action.address, seconds, action.reason);
    } catch (const db::Error& error) {
        return complain("add", error.what());
    }
    std::cout << action.address << " gets no more mail\n";
    return ok;
}

int suppress_remove(const server::Loaded& loaded, const SuppressAction& action) {
    try {
        db::Session session(loaded.settings.database);
        if (!session.exec(unsuppress, action.address).at(0).flag(0))
            return complain("remove", action.address + " was not suppressed");
    } catch (const db::Error& error) {
        return complain("remove", error.what());
    }
    std::cout << action.address << " gets mail again\n";
    return ok;
}

}  // namespace outpost::cli
