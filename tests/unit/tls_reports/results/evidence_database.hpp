// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "core/foundation/database/migrate.hpp"
#include "core/foundation/database/session.hpp"
#include "tests/support/temp_postgres.hpp"

namespace outpost::test {

/// A database of its own with the schema, and a session to look into it.
struct EvidenceDatabase {
    EvidenceDatabase() : settings(fresh_database()), session(settings) {
        db::migrate(session);
        session.exec_script("SET timezone = 'UTC'");
    }

    /// Rows as lines, columns separated by blanks; null as "-".
    std::string sql(const std::string& statement) {
        std::string lines;
        for (const db::Row row : session.exec_script(
                 "SELECT coalesce(array_to_string(ARRAY(SELECT coalesce(value, '-') FROM "
                 "json_each_text(row_to_json(q))), ' '), '') FROM (" +
                 statement + ") q"
             )) {
            if (!lines.empty()) lines += "\n";
            lines += row.text(0);
        }
        return lines;
    }
    /// The SQLSTATE of the refusal, empty when the statement is accepted.
    std::string refusal(const std::string& statement) {
        try {
            session.exec_script(statement);
            return {};
        } catch (const db::Error& error) {
            return error.sqlstate();
        }
    }

    db::Settings settings;
    db::Session session;
};

}  // namespace outpost::test
