// SPDX-License-Identifier: Apache-2.0
// The schema that the program carries: that schema/today.sql shows it, and that a database of
// release 0.1 comes to have it.
#include <doctest/doctest.h>

#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>

#include "core/foundation/database/migrate.hpp"
#include "tests/support/schema_texts.hpp"
#include "tests/support/temp_postgres.hpp"

using namespace outpost;

namespace {

struct Fresh {
    Fresh() : session(test::fresh_database()) { db::migrate(session); }
    db::Session session;
};

/// The first line that differs, for a failure that can be read.
std::string difference(const std::string& is, const std::string& should) {
    std::istringstream left(is);
    std::istringstream right(should);
    for (std::string a, b;;) {
        const bool more_left = static_cast<bool>(std::getline(left, a));
        const bool more_right = static_cast<bool>(std::getline(right, b));
        if (!more_left && !more_right) return {};
        if (a != b || more_left != more_right) return "is: " + a + "\nshould be: " + b;
    }
}

}  // namespace

TEST_CASE("schema/today.sql shows what a fresh database has") {
    Fresh fresh;
    const std::string is = test::describe_schema(fresh.session);
    // The way to write it anew: ninja today_sql.
    if (const char* path = std::getenv("OUTPOST_WRITE_TODAY")) std::ofstream(path) << is;
    CHECK(difference(is, test::source_file("schema/today.sql")) == "");
}

TEST_CASE("a database of release 0.1 is taken over and is like a fresh one") {
    Fresh fresh;
    db::Session old(test::fresh_database());
    test::make_0_1(old);
    CHECK_THROWS_WITH_AS(
        db::require_current(old), "the database is one of outpost 0.1: migrate it first", db::Error
    );
    const auto done = db::migrate(old);
    CHECK(done.from_0_1);
    CHECK(done.steps == 0);
    CHECK(done.objects > 0);
    CHECK(difference(test::describe_schema(old), test::describe_schema(fresh.session)) == "");
    CHECK(difference(test::schema_definitions(old), test::schema_definitions(fresh.session)) == "");
    const auto applied = [](db::Session& session) {
        return session
            .exec_script(
                "SELECT string_agg(version || ' ' || name || ' ' || checksum, ',' ORDER BY version)"
                " FROM outpost_private.migration"
            )
            .at(0)
            .text(0);
    };
    CHECK(applied(old) == applied(fresh.session));
    CHECK(db::migrate(old).nothing());
    CHECK_NOTHROW(db::require_current(old));
}

TEST_CASE("a part of release 0.1 is refused, and left as it is") {
    db::Session old(test::fresh_database());
    test::make_0_1(old, 12);
    const std::string before = test::describe_schema(old);
    CHECK_THROWS_WITH_AS(
        db::migrate(old),
        "the database is one of outpost 0.1 and lacks step 13 (domain_abilities) of its 20: run "
        "`outpost migrate` of the last 0.1 first, then that of this program",
        db::Error
    );
    CHECK(test::describe_schema(old) == before);
}

TEST_CASE("release 0.1 would refuse a database of today as newer than itself") {
    // It compares the highest version with its own, which is 20.
    Fresh fresh;
    CHECK(
        fresh.session.exec_script("SELECT min(version) FROM outpost_private.migration")
            .at(0)
            .number(0) > 20
    );
}

TEST_CASE("what an object needs is written in its file") {
    Fresh fresh;
    const auto rows = fresh.session.exec_script(R"(
        WITH ours AS (SELECT oid, nspname FROM pg_namespace WHERE nspname IN ('outpost', 'outpost_private')),
        object AS (
            SELECT 'pg_class'::regclass AS class, c.oid, 'views/' || o.nspname || '/' || c.relname AS name
            FROM pg_class c JOIN ours o ON o.oid = c.relnamespace WHERE c.relkind = 'v'
            UNION ALL
            SELECT 'pg_proc'::regclass, p.oid, 'functions/' || o.nspname || '/' || p.proname
            FROM pg_proc p JOIN ours o ON o.oid = p.pronamespace)
        SELECT DISTINCT v.name, o.name FROM pg_depend d
        JOIN pg_rewrite w ON d.classid = 'pg_rewrite'::regclass AND w.oid = d.objid
        JOIN object v ON v.class = 'pg_class'::regclass AND v.oid = w.ev_class
        JOIN object o ON o.class = d.refclassid AND o.oid = d.refobjid AND o.oid <> v.oid
        UNION
        SELECT 'triggers/' || c.relname || '/' || t.tgname, o.name FROM pg_trigger t
        JOIN pg_class c ON c.oid = t.tgrelid JOIN object o ON o.class = 'pg_proc'::regclass AND o.oid = t.tgfoid
        WHERE NOT t.tgisinternal)");
    std::set<std::pair<std::string, std::string>> written;
    for (const auto& object : db::embedded_schema().objects)
        for (const auto& need : object.needs)
            written.emplace(object.name, need);
    CHECK(rows.size() > 8);
    for (const auto row : rows) {
        CAPTURE(row.text(0));
        CAPTURE(row.text(1));
        CHECK(written.contains({row.text(0), row.text(1)}));
    }
}

TEST_CASE("every function is sound: they are made without a look at their bodies") {
    Fresh fresh;
    for (const auto& object : db::embedded_schema().objects) {
        CAPTURE(object.name);
        CHECK_NOTHROW(fresh.session.exec_script(object.sql));
    }
}

TEST_CASE("what people were granted stays when objects are applied again, and new ones are nobody's"
) {
    Fresh fresh;
    fresh.session.exec_script(
        "CREATE ROLE schema_test_guest; GRANT SELECT ON outpost.queue TO schema_test_guest;"
        "GRANT EXECUTE ON FUNCTION outpost.hold TO PUBLIC;"
        "DROP FUNCTION outpost.release; DROP VIEW outpost.totals;"
        "UPDATE outpost_private.schema_object SET checksum = ''"
    );
    CHECK(db::migrate(fresh.session).objects > 0);
    const auto may = [&](const std::string& question) {
        return fresh.session.exec_script("SELECT " + question).at(0).flag(0);
    };
    CHECK(may("has_table_privilege('schema_test_guest', 'outpost.queue', 'SELECT')"));
    CHECK_FALSE(may("has_table_privilege('schema_test_guest', 'outpost.totals', 'SELECT')"));
    CHECK(may(
        "has_function_privilege('schema_test_guest', 'outpost.hold(bigint, text, text)', 'EXECUTE')"
    ));
    CHECK_FALSE(may(
        "has_function_privilege('schema_test_guest', 'outpost.release(bigint, text)', 'EXECUTE')"
    ));
    CHECK(may(
        "has_function_privilege('outpost_operator', 'outpost.release(bigint, text)', 'EXECUTE')"
    ));
    CHECK(may("has_table_privilege('outpost_reader', 'outpost.totals', 'SELECT')"));
}
