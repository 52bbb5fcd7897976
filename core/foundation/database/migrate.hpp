// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "core/foundation/database/session.hpp"

namespace outpost::db {

/// One step of the schema: a file schema/NNNN_name.sql.
struct Migration {
    int version = 0;
    std::string name;
    std::string sql;
    std::string checksum;  ///< SHA-256 of the SQL, in hex
};

/// The steps built into this program, in order of version.
const std::vector<Migration>& embedded_migrations();

/// Applies what the database lacks, each step in a transaction of its own, while no other program
/// does the same; returns how many were applied. Throws Error when the database is newer than
/// `migrations` or a step fails (the earlier ones stay).
int migrate(Session& session, const std::vector<Migration>& migrations = embedded_migrations());

/// Throws Error unless the database has exactly the schema this program knows: for servers whose
/// database role may not change the schema.
void require_current(
    Session& session, const std::vector<Migration>& migrations = embedded_migrations()
);

}  // namespace outpost::db
