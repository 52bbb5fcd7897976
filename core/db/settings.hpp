// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>

#include "core/base/secret.hpp"

namespace outpost::db {

/// How this node reaches its PostgreSQL.
struct Settings {
    /// A libpq connection string or URL. Secret because it may hold a password. Empty: libpq's own
    /// environment variables and defaults (PGHOST, PGDATABASE, ...).
    Secret connection;
    int connections = 4;
    std::chrono::seconds connect_timeout{10};
    std::chrono::milliseconds statement_timeout{30'000};
    /// How long work waits for a database that is away before it fails (a client hears 451 then).
    std::chrono::seconds patience{10};
};

}  // namespace outpost::db
