// SPDX-License-Identifier: Apache-2.0
#include "core/foundation/database/schema_objects.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/foundation/base/log.hpp"

namespace outpost::db {

namespace {

constexpr Statement read_present{"objects_present", R"(
    WITH ours AS (SELECT oid, nspname FROM pg_namespace WHERE nspname IN ('outpost', 'outpost_private'))
    SELECT 'functions/' || o.nspname || '/' || p.proname, p.oid::regprocedure::text
    FROM pg_proc p JOIN ours o ON o.oid = p.pronamespace WHERE p.prokind = 'f'
    UNION ALL
    SELECT 'views/' || o.nspname || '/' || c.relname, ''
    FROM pg_class c JOIN ours o ON o.oid = c.relnamespace WHERE c.relkind = 'v'
    UNION ALL
    SELECT 'triggers/' || c.relname || '/' || t.tgname, ''
    FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN ours o ON o.oid = c.relnamespace
    WHERE NOT t.tgisinternal AND o.nspname = 'outpost_private')"};
constexpr Statement read_noted{
    "objects_noted", "SELECT name, checksum FROM outpost_private.schema_object"
};
constexpr Statement note{
    "objects_note", R"(
    INSERT INTO outpost_private.schema_object AS o (name, checksum)
    SELECT * FROM unnest($1::text[], $2::text[])
    ON CONFLICT (name) DO UPDATE SET checksum = excluded.checksum, applied_at = clock_timestamp())"
};
constexpr Statement forget{
    "objects_forget", "DELETE FROM outpost_private.schema_object WHERE name = ANY ($1::text[])"
};

using Noted = std::map<std::string, std::string>;  // name, checksum

Noted noted_objects(Session& session) {
    Noted noted;
    for (const auto row : session.exec(read_noted))
        noted.emplace(row.text(0), row.text(1));
    return noted;
}

bool is_current(const SchemaObject& object, const Noted& noted) {
    const auto found = noted.find(object.name);
    return found != noted.end() && found->second == object.checksum;
}

/// The names of a kind, as SQL wants them: "outpost.queue, outpost.uncertain".
std::string sql_list(const std::set<std::string>& names, std::string_view kind) {
    std::vector<std::string> list;
    for (std::string name : names) {
        if (!name.starts_with(kind)) continue;
        name.erase(0, kind.size());
        std::ranges::replace(name, '/', '.');
        list.push_back(std::move(name));
    }
    return fmt::format("{}", fmt::join(list, ", "));
}

/// Without CASCADE: what other people have built on a view is theirs to drop.
void drop(Session& session, const std::string& statement) {
    try {
        session.exec_script(statement);
    } catch (const Error& error) {
        if (error.sqlstate() != "2BP01") throw;  // dependent_objects_still_exist
        throw Error(
            fmt::format("{}: drop what is not ours, migrate, and make it anew", error.what()),
            error.sqlstate()
        );
    }
}

/// Those of a kind in one statement, so that their order does not matter.
void drop(Session& session, const std::set<std::string>& names) {
    constexpr std::string_view triggers = "triggers/";
    for (const std::string& name : names) {
        if (!name.starts_with(triggers)) continue;
        const auto slash = name.find('/', triggers.size());
        const auto table = name.substr(triggers.size(), slash - triggers.size());
        drop(
            session,
            fmt::format(
                "DROP TRIGGER IF EXISTS {} ON outpost_private.{}", name.substr(slash + 1), table
            )
        );
    }
    if (const auto views = sql_list(names, "views/"); !views.empty())
        drop(session, "DROP VIEW IF EXISTS " + views);
    if (const auto functions = sql_list(names, "functions/"); !functions.empty())
        drop(session, "DROP FUNCTION IF EXISTS " + functions);
}

/// These, and what needs them, and what needs that: `objects` come in such an order.
std::set<std::string> with_dependents(
    std::set<std::string> names, const std::vector<SchemaObject>& objects
) {
    for (const SchemaObject& object : objects)
        if (std::ranges::any_of(object.needs, [&](const auto& n) { return names.contains(n); }))
            names.insert(object.name);
    return names;
}

void apply(Session& session, const SchemaObject& object) {
    try {
        session.exec_script(object.sql);
    } catch (const Error& error) {
        const std::string what = fmt::format("{}.sql failed: {}", object.name, error.what());
        // invalid_table_definition, invalid_function_definition
        if (error.sqlstate() == "42P16" || error.sqlstate() == "42P13")
            throw NotReplaceable(object.name, what);
        throw Error("schema/" + what, error.sqlstate());
    }
    log::debug("db", "applied {}", object.name);
}

/// CREATE OR REPLACE with other parameters makes a second function beside the first, and calls that
/// suit both.
void refuse_second_signature(
    Session& session, const PresentObjects& before, const std::vector<const SchemaObject*>& applied
) {
    const PresentObjects now = present_objects(session);
    for (const SchemaObject* object : applied) {
        const auto old = before.find(object->name);
        const auto there = now.find(object->name);
        if (old == before.end() || there == now.end()) continue;
        if (!std::ranges::includes(old->second, there->second))
            throw NotReplaceable(object->name, object->name + ".sql has other parameters");
    }
}

void drop_removed(Session& session, const Schema& schema, const Noted& noted) {
    std::set<std::string> removed;
    for (const auto& [name, sum] : noted)
        removed.insert(name);
    for (const SchemaObject& object : schema.objects)
        removed.erase(object.name);
    for (const SchemaObject& object : schema.roles)
        removed.erase(object.name);
    if (removed.empty()) return;
    drop(session, removed);
    session.exec(forget, std::vector<std::string>(removed.begin(), removed.end()));
    log::info("db", "dropped from the schema: {}", fmt::join(removed, ", "));
}

void note_applied(Session& session, const std::vector<const SchemaObject*>& applied) {
    std::vector<std::string> names;
    std::vector<std::string> checksums;
    for (const SchemaObject* object : applied) {
        names.push_back(object->name);
        checksums.push_back(object->checksum);
    }
    session.exec(note, names, checksums);
}

}  // namespace

PresentObjects present_objects(Session& session) {
    PresentObjects present;
    for (const auto row : session.exec(read_present))
        present[row.text(0)].insert(row.text(1));
    return present;
}

std::size_t apply_objects(
    Session& session, const Schema& schema, const std::set<std::string>& dropped_first,
    bool steps_ran
) {
    const Noted noted = noted_objects(session);
    const auto dropped = with_dependents(dropped_first, schema.objects);
    drop(session, dropped);
    // A step that cannot do its work while a view stands drops it: so what is there counts, not
    // only what is noted.
    const PresentObjects before = present_objects(session);
    std::vector<const SchemaObject*> applied;
    bool functions_done = false;
    // Functions may call each other, and what comes later.
    session.exec_script("SET LOCAL check_function_bodies = off");
    for (const SchemaObject& object : schema.objects) {
        if (is_current(object, noted) && before.contains(object.name)) continue;
        if (!functions_done && !object.name.starts_with("functions/")) {
            refuse_second_signature(session, before, applied);
            functions_done = true;
        }
        apply(session, object);
        applied.push_back(&object);
    }
    if (!functions_done) refuse_second_signature(session, before, applied);
    drop_removed(session, schema, noted);
    const std::size_t count = applied.size();
    for (const SchemaObject& roles : schema.roles) {
        if (count == 0 && !steps_ran && is_current(roles, noted)) continue;
        apply(session, roles);
        applied.push_back(&roles);
    }
    if (!applied.empty()) note_applied(session, applied);
    return applied.size();
}

std::string first_outdated(Session& session, const Schema& schema) {
    const Noted noted = noted_objects(session);
    const PresentObjects present = present_objects(session);
    for (const SchemaObject& object : schema.objects)
        if (!is_current(object, noted) || !present.contains(object.name)) return object.name;
    return {};
}

void note_present(Session& session) {
    std::vector<std::string> names;
    for (const auto& [name, signatures] : present_objects(session))
        names.push_back(name);
    session.exec(note, names, std::vector<std::string>(names.size()));
}

}  // namespace outpost::db
