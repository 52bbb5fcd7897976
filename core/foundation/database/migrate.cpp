// SPDX-License-Identifier: Apache-2.0
#include "core/foundation/database/migrate.hpp"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "core/foundation/base/crypto.hpp"
#include "core/foundation/base/encoding.hpp"
#include "core/foundation/base/log.hpp"
#include "core/foundation/database/embedded_sql.hpp"

namespace outpost::db {

namespace {

/// Any number will do, so long as all programs that migrate use the same.
constexpr std::int64_t lock_number = 0x6f757470'6f7374;  // "outpost"

constexpr Statement take_lock{"migrate_lock", "SELECT pg_advisory_lock($1::int8)"};
constexpr Statement release_lock{"migrate_unlock", "SELECT pg_advisory_unlock($1::int8)"};
constexpr Statement table_exists{
    "migrate_exists", "SELECT to_regclass('outpost_private.migration') IS NOT NULL"
};
constexpr Statement read_applied{
    "migrate_read", "SELECT version, checksum FROM outpost_private.migration"
};
constexpr Statement record_step{
    "migrate_record",
    "INSERT INTO outpost_private.migration (version, name, checksum) VALUES ($1, $2, $3)"
};

constexpr const char* create_table = R"(
    CREATE SCHEMA IF NOT EXISTS outpost_private;
    CREATE TABLE IF NOT EXISTS outpost_private.migration (
        version    integer PRIMARY KEY,
        name       text NOT NULL,
        checksum   text NOT NULL,
        applied_at timestamptz NOT NULL DEFAULT clock_timestamp()
    ))";

/// One program at a time. Waiting for another may take as long as its migrations do.
class MigrationLock {
  public:
    explicit MigrationLock(Session& session) : session_(session) {
        session_.exec_script("SET statement_timeout = 0");
        session_.exec(take_lock, lock_number);
    }
    ~MigrationLock() {
        if (!session_.alive()) return;  // the lock went with the connection
        try {
            session_.exec(release_lock, lock_number);
        } catch (const std::exception& error) {
            log::warning("db", "releasing the migration lock: {}", error.what());
        }
    }
    MigrationLock(const MigrationLock&) = delete;
    MigrationLock& operator=(const MigrationLock&) = delete;

  private:
    Session& session_;
};

/// Puts the session's own limit back, which the lock lifts.
class KeepTimeout {
  public:
    explicit KeepTimeout(Session& session)
        : session_(session), old_(session.exec_script("SHOW statement_timeout").at(0).text(0)) {}
    ~KeepTimeout() {
        if (!session_.alive()) return;
        try {
            session_.exec_script(fmt::format("SET statement_timeout = '{}'", old_));
        } catch (const std::exception& error) {
            log::warning("db", "restoring statement_timeout: {}", error.what());
        }
    }
    KeepTimeout(const KeepTimeout&) = delete;
    KeepTimeout& operator=(const KeepTimeout&) = delete;

  private:
    Session& session_;
    std::string old_;
};

using Applied = std::map<int, std::string>;  // version, checksum

Applied applied_to(Session& session) {
    Applied applied;
    if (!session.exec(table_exists).at(0).flag(0)) return applied;
    for (const auto row : session.exec(read_applied))
        applied.emplace(row.number(0), row.text(1));
    return applied;
}

int newest(const std::vector<Migration>& migrations) {
    return migrations.empty() ? 0 : migrations.back().version;
}

void refuse_newer(const Applied& applied, const std::vector<Migration>& migrations) {
    const int there = applied.empty() ? 0 : applied.rbegin()->first;
    if (there <= newest(migrations)) return;
    throw Error(fmt::format(
        "the database has schema version {}, this program knows only {}: use a newer outpost",
        there, newest(migrations)
    ));
}

void compare_checksum(const Migration& step, const std::string& applied) {
    if (applied == step.checksum) return;
    log::warning(
        "db",
        "schema step {} ({}) was applied to this database with other contents than this program "
        "has",
        step.version, step.name
    );
}

void apply(Session& session, const Migration& step) {
    try {
        Transaction transaction(session);
        session.exec_script(step.sql);
        session.exec(record_step, step.version, step.name, step.checksum);
        transaction.commit();
    } catch (const Error& error) {
        throw Error(
            fmt::format("schema step {} ({}) failed: {}", step.version, step.name, error.what()),
            error.sqlstate()
        );
    }
    log::info("db", "applied schema step {} ({})", step.version, step.name);
}

std::vector<Migration> with_checksums() {
    std::vector<Migration> all;
    for (const auto& [version, name, sql] : embedded_sql())
        all.push_back({version, name, sql, hex_encode(crypto::digest(crypto::Hash::sha256, sql))});
    return all;
}

}  // namespace

const std::vector<Migration>& embedded_migrations() {
    static const auto all = with_checksums();
    return all;
}

int migrate(Session& session, const std::vector<Migration>& migrations) {
    const KeepTimeout keep(session);
    const MigrationLock lock(session);
    session.exec_script(create_table);
    const auto applied = applied_to(session);
    refuse_newer(applied, migrations);
    int count = 0;
    for (const auto& step : migrations) {
        if (const auto found = applied.find(step.version); found != applied.end()) {
            compare_checksum(step, found->second);
            continue;
        }
        apply(session, step);
        ++count;
    }
    return count;
}

void require_current(Session& session, const std::vector<Migration>& migrations) {
    const auto applied = applied_to(session);
    refuse_newer(applied, migrations);
    for (const auto& step : migrations) {
        const auto found = applied.find(step.version);
        if (found == applied.end())
            throw Error(fmt::format(
                "the database lacks schema step {} ({}): migrate it first", step.version, step.name
            ));
        compare_checksum(step, found->second);
    }
}

}  // namespace outpost::db
