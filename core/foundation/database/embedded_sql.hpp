// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

namespace outpost::db {

/// A file of the folder schema/, as it was when the program was built.
struct EmbeddedSql {
    int version;
    std::string name;
    std::string sql;
};

/// Written at build time by embed.cmake; in order of version.
const std::vector<EmbeddedSql>& embedded_sql();

}  // namespace outpost::db
