// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>

#include "core/foundation/base/secret.hpp"

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
    std::chrono::milliseconds patience{1'000};
    /// How long it waits for a free connection to a database that is there, but busy.
    std::chrono::milliseconds longest_wait{10'000};
    /// A connection whose statement takes longer is cut, whatever the server may still do; zero:
    /// only when the server has fallen silent.
    std::chrono::milliseconds hard_limit{0};
    /// How long what this node holds stays its own without a sign of life.
    std::chrono::milliseconds lease{60'000};
};

}  // namespace outpost::db
