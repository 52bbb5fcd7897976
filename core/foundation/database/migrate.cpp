// SPDX-License-Identifier: Apache-2.0
#include "core/foundation/database/migrate.hpp"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "core/foundation/base/log.hpp"
#include "core/foundation/database/schema_objects.hpp"

namespace outpost::db {

namespace {

/// Any number will do, so long as all programs that migrate use the same.
constexpr std::int64_t lock_number = 0x6f757470'6f7374;  // "outpost"

constexpr Statement take_lock{"migrate_lock", "SELECT pg_advisory_lock($1::int8)"};
constexpr Statement release_lock{"migrate_unlock", "SELECT pg_advisory_unlock($1::int8)"};
constexpr Statement tables_exist{
    "migrate_exists",
    "SELECT to_regclass('outpost_private.migration') IS NOT NULL,"
    "       to_regclass('outpost_private.schema_object') IS NOT NULL"
};
constexpr Statement read_applied{
    "migrate_read", "SELECT version, checksum FROM outpost_private.migration"
};
constexpr Statement record_step{
    "migrate_record",
    "INSERT INTO outpost_private.migration (version, name, checksum) VALUES ($1, $2, $3)"
};
constexpr Statement forget_steps{
    "migrate_forget", "DELETE FROM outpost_private.migration WHERE version <= $1::int4"
};

/// What has been applied to this database: schema/README.md.
constexpr const char* create_tables = R"(
    CREATE SCHEMA IF NOT EXISTS outpost_private;
    CREATE TABLE IF NOT EXISTS outpost_private.migration (
        version    integer PRIMARY KEY,
        name       text NOT NULL,
        checksum   text NOT NULL,
        applied_at timestamptz NOT NULL DEFAULT clock_timestamp()
    );
    CREATE TABLE IF NOT EXISTS outpost_private.schema_object (
        name       text PRIMARY KEY,
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
    if (!session.exec(tables_exist).at(0).flag(0)) return applied;
    for (const auto row : session.exec(read_applied))
        applied.emplace(row.number(0), row.text(1));
    return applied;
}

int newest(const std::vector<SchemaStep>& steps) {
    return steps.empty() ? 0 : steps.back().version;
}

void refuse_newer(const Applied& applied, const Schema& schema) {
    const int there = applied.empty() ? 0 : applied.rbegin()->first;
    if (there <= newest(schema.steps)) return;
    throw Error(fmt::format(
        "the database has schema version {}, this program knows only {}: use a newer outpost",
        there, newest(schema.steps)
    ));
}

void compare_checksum(const SchemaStep& step, const std::string& applied) {
    if (applied == step.checksum) return;
    log::warning(
        "db",
        "schema step {} ({}) was applied to this database with other contents than this program "
        "has",
        step.version, step.name
    );
}

/// Release 0.1 counted its steps from 1; those of today begin behind them.
bool is_from_0_1(const Applied& applied, const Schema& schema) {
    return !applied.empty() && applied.begin()->first <= newest(schema.squashed);
}

void refuse_unfinished(const Applied& applied, const Schema& schema) {
    for (const auto& step : schema.squashed) {
        if (const auto found = applied.find(step.version); found != applied.end()) {
            compare_checksum(step, found->second);
            continue;
        }
        throw Error(fmt::format(
            "the database is one of outpost 0.1 and lacks step {} ({}) of its {}: run `outpost "
            "migrate` of the last 0.1 first, then that of this program",
            step.version, step.name, schema.squashed.size()
        ));
    }
}

/// All twenty steps have made what ours would have: they are recorded, not run.
void take_over_0_1(Session& session, const Schema& schema, Applied& applied) {
    refuse_unfinished(applied, schema);
    session.exec(forget_steps, newest(schema.squashed));
    applied.clear();
    for (const auto& step : schema.steps) {
        if (std::ranges::count(schema.replacing, step.version) == 0) continue;
        session.exec(record_step, step.version, step.name, step.checksum);
        applied.emplace(step.version, step.checksum);
    }
    note_present(session);
    log::info("db", "took over the database of outpost 0.1");
}

void apply(Session& session, const SchemaStep& step) {
    try {
        session.exec_script(step.sql);
        session.exec(record_step, step.version, step.name, step.checksum);
    } catch (const Error& error) {
        throw Error(
            fmt::format("schema step {} ({}) failed: {}", step.version, step.name, error.what()),
            error.sqlstate()
        );
    }
    log::info("db", "applied schema step {} ({})", step.version, step.name);
}

Migrated migrate_at_once(
    Session& session, const Schema& schema, const std::set<std::string>& dropped_first
) {
    Transaction transaction(session);
    if (const auto there = session.exec(tables_exist); !there.at(0).flag(0) || !there.at(0).flag(1))
        session.exec_script(create_tables);
    Applied applied = applied_to(session);
    refuse_newer(applied, schema);
    Migrated done;
    done.from_0_1 = is_from_0_1(applied, schema);
    if (done.from_0_1) take_over_0_1(session, schema, applied);
    for (const auto& step : schema.steps) {
        if (const auto found = applied.find(step.version); found != applied.end()) {
            compare_checksum(step, found->second);
            continue;
        }
        apply(session, step);
        ++done.steps;
    }
    done.objects = apply_objects(session, schema, dropped_first, done.steps > 0);
    transaction.commit();
    return done;
}

}  // namespace

Migrated migrate(Session& session, const Schema& schema) {
    const KeepTimeout keep(session);
    const MigrationLock lock(session);
    std::set<std::string> dropped_first;
    for (;;) {
        try {
            const auto done = migrate_at_once(session, schema, dropped_first);
            if (done.objects > 0)
                log::info("db", "applied {} views, functions and triggers", done.objects);
            return done;
        } catch (const NotReplaceable& object) {
            if (!dropped_first.insert(object.name()).second) throw Error(object.what());
            log::info("db", "{} is dropped first: it cannot be replaced", object.name());
        }
    }
}

void require_current(Session& session, const Schema& schema) {
    const auto applied = applied_to(session);
    if (is_from_0_1(applied, schema))
        throw Error("the database is one of outpost 0.1: migrate it first");
    refuse_newer(applied, schema);
    for (const auto& step : schema.steps) {
        const auto found = applied.find(step.version);
        if (found == applied.end())
            throw Error(fmt::format(
                "the database lacks schema step {} ({}): migrate it first", step.version, step.name
            ));
        compare_checksum(step, found->second);
    }
    if (schema.objects.empty()) return;
    if (const auto object = first_outdated(session, schema); !object.empty())
        throw Error(fmt::format(
            "the database lacks schema/{}.sql as it is in this program: migrate it first", object
        ));
}

}  // namespace outpost::db
