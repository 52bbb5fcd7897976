// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <string>
#include <thread>

#include "core/foundation/database/migrate.hpp"
#include "tests/support/temp_postgres.hpp"

using namespace outpost;

namespace {

db::Schema steps(int count) {
    db::Schema all;
    for (int i = 1; i <= count; ++i) {
        const auto number = std::to_string(i);
        all.steps.push_back(
            {i, "step" + number, "CREATE TABLE t" + number + " (); CREATE TABLE u" + number + " ()",
             "sum" + number}
        );
    }
    return all;
}

bool exists(db::Session& session, const std::string& table) {
    return session.exec({"exists", "SELECT to_regclass($1) IS NOT NULL"}, table).at(0).flag(0);
}

std::string text(db::Session& session, const std::string& sql) {
    return session.exec_script(sql).at(0).text(0);
}

/// A step that makes the tables that these objects are about.
db::SchemaFile tables() {
    return {
        "steps/0001_tables.sql",
        "CREATE SCHEMA outpost; CREATE TABLE outpost_private.pair (a integer, b integer)"
    };
}
db::SchemaFile view(const std::string& name, const std::string& query) {
    return {
        "views/outpost/" + name + ".sql", "CREATE OR REPLACE VIEW outpost." + name + " AS " + query
    };
}
db::SchemaFile on_pairs(const std::string& query = "SELECT count(*) FROM outpost.pairs") {
    auto file = view("counted", query);
    file.contents.insert(0, "-- needs: outpost.pairs\n");
    return file;
}

}  // namespace

TEST_CASE("the program carries the schema, in order and with checksums") {
    const auto& all = db::embedded_schema();
    REQUIRE_FALSE(all.steps.empty());
    for (std::size_t i = 0; i < all.steps.size(); ++i) {
        if (i > 0) CHECK(all.steps[i].version > all.steps[i - 1].version);
        CHECK(all.steps[i].checksum.size() == 64);
        CHECK_FALSE(all.steps[i].name.empty());
    }
    CHECK(all.steps[0].sql.find("CREATE TABLE") != std::string::npos);
    REQUIRE_FALSE(all.objects.empty());
    for (const auto& object : all.objects)
        CHECK(object.checksum.size() == 64);
    CHECK(all.roles.size() == 1);
    CHECK(all.squashed.size() == 20);
    for (const int version : all.replacing)
        CHECK(version > all.squashed.back().version);
}

TEST_CASE("the program's own schema applies to an empty database, once") {
    db::Session session(test::fresh_database());
    const auto& all = db::embedded_schema();
    const auto done = db::migrate(session);
    CHECK(done.steps == all.steps.size());
    CHECK(done.objects == all.objects.size() + 1);  // and the roles
    CHECK_FALSE(done.from_0_1);
    CHECK(db::migrate(session).nothing());
    CHECK_NOTHROW(db::require_current(session));
}

TEST_CASE("what is missing is applied, once") {
    db::Session session(test::fresh_database());
    CHECK_THROWS_AS(db::require_current(session, steps(1)), db::Error);
    CHECK(db::migrate(session, steps(2)).steps == 2);
    CHECK(exists(session, "u2"));
    CHECK(db::migrate(session, steps(2)).nothing());
    CHECK_THROWS_AS(db::require_current(session, steps(3)), db::Error);
    CHECK(db::migrate(session, steps(3)).steps == 1);
    CHECK_NOTHROW(db::require_current(session, steps(3)));
    CHECK(session.exec_script("SHOW statement_timeout").at(0).text(0) == "30s");
}

TEST_CASE("a newer database is refused, with both versions") {
    db::Session session(test::fresh_database());
    db::migrate(session, steps(3));
    const char* const text =
        "the database has schema version 3, this program knows only 2: use a newer outpost";
    CHECK_THROWS_WITH_AS(db::migrate(session, steps(2)), text, db::Error);
    CHECK_THROWS_WITH_AS(db::require_current(session, steps(2)), text, db::Error);
}

TEST_CASE("a failed step leaves nothing of itself, nor of the steps before it") {
    db::Session session(test::fresh_database());
    auto broken = steps(3);
    broken.steps[1].sql = "CREATE TABLE half (); SELECT nonsense";
    CHECK_THROWS_AS(db::migrate(session, broken), db::Error);
    CHECK_FALSE(exists(session, "t1"));
    CHECK_FALSE(exists(session, "half"));
    CHECK_FALSE(exists(session, "t3"));
    CHECK(db::migrate(session, steps(3)).steps == 3);
}

TEST_CASE("an applied step that changed is only warned of") {
    db::Session session(test::fresh_database());
    db::migrate(session, steps(1));
    auto changed = steps(1);
    changed.steps[0].checksum = "other";
    CHECK(db::migrate(session, changed).nothing());
}

TEST_CASE("programs that migrate at the same time do it once") {
    const auto settings = test::fresh_database();
    db::Migrated applied[4];
    std::vector<std::thread> threads;
    for (db::Migrated& mine : applied)
        threads.emplace_back([&settings, &mine] {
            db::Session session(settings);
            mine = db::migrate(session);
        });
    for (auto& thread : threads)
        thread.join();
    std::size_t steps = 0;
    std::size_t objects = 0;
    for (const db::Migrated& mine : applied) {
        steps += mine.steps;
        objects += mine.objects;
        CHECK((mine.nothing() || mine.steps == db::embedded_schema().steps.size()));
    }
    CHECK(steps == db::embedded_schema().steps.size());
    CHECK(objects == db::embedded_schema().objects.size() + 1);
}

TEST_CASE("an object is applied again when its file has changed, and only then") {
    db::Session session(test::fresh_database());
    const auto old = db::read_schema({tables(), view("pairs", "SELECT 1 AS a"), on_pairs()});
    CHECK(db::migrate(session, old).objects == 2);
    const auto changed = db::read_schema({tables(), view("pairs", "SELECT 2 AS a"), on_pairs()});
    CHECK_THROWS_AS(db::require_current(session, changed), db::Error);
    CHECK(db::migrate(session, changed).objects == 1);
    CHECK(text(session, "SELECT a FROM outpost.pairs") == "2");
    CHECK(db::migrate(session, changed).nothing());
    CHECK_NOTHROW(db::require_current(session, changed));
}

TEST_CASE("an object that a step dropped is made anew") {
    db::Session session(test::fresh_database());
    const auto query = "SELECT a FROM outpost_private.pair";
    db::migrate(session, db::read_schema({tables(), view("pairs", query)}));
    const db::SchemaFile step{
        "steps/0002_text.sql",
        "DROP VIEW outpost.pairs; ALTER TABLE outpost_private.pair ALTER a TYPE text"
    };
    const auto done = db::migrate(session, db::read_schema({tables(), step, view("pairs", query)}));
    CHECK(done.steps == 1);
    CHECK(done.objects == 1);
    CHECK(text(session, "SELECT pg_typeof(max(a)) FROM outpost.pairs") == "text");
}

TEST_CASE("a view that loses a column is made anew, with what needs it") {
    db::Session session(test::fresh_database());
    const auto both = view("pairs", "SELECT a, b FROM outpost_private.pair");
    const auto one = view("pairs", "SELECT b FROM outpost_private.pair");
    db::migrate(session, db::read_schema({tables(), both, on_pairs()}));
    CHECK(db::migrate(session, db::read_schema({tables(), one, on_pairs()})).objects == 2);
    CHECK(text(session, "SELECT * FROM outpost.counted") == "0");
    CHECK_THROWS_AS(session.exec_script("SELECT a FROM outpost.pairs"), db::Error);

    session.exec_script("CREATE VIEW public.theirs AS SELECT b FROM outpost.pairs");
    CHECK_THROWS_WITH_AS(
        db::migrate(
            session, db::read_schema({tables(), view("pairs", "SELECT 1 AS c"), on_pairs()})
        ),
        doctest::Contains("drop what is not ours"), db::Error
    );
    CHECK(text(session, "SELECT count(b) FROM public.theirs") == "0");
}

TEST_CASE("a function has one signature, and what is removed from the schema goes") {
    db::Session session(test::fresh_database());
    const auto twice = [](const std::string& parameters) {
        return db::SchemaFile{
            "functions/outpost/twice.sql",
            "CREATE OR REPLACE FUNCTION outpost.twice(" + parameters +
                ") RETURNS text LANGUAGE sql AS $$ SELECT x::text || x $$"
        };
    };
    const char* const signatures =
        "SELECT string_agg(oid::regprocedure::text, ' ') FROM pg_proc WHERE proname = 'twice'";
    auto pairs = view("pairs", "SELECT outpost.twice('a') AS a");
    pairs.contents.insert(0, "-- needs: outpost.twice\n");
    db::migrate(session, db::read_schema({tables(), twice("x text")}));
    db::migrate(session, db::read_schema({tables(), twice("x text, y text DEFAULT ''"), pairs}));
    CHECK(text(session, signatures) == "outpost.twice(text,text)");
    CHECK(text(session, "SELECT a FROM outpost.pairs") == "aa");
    db::migrate(session, db::read_schema({tables(), twice("x text, y integer DEFAULT 0"), pairs}));
    CHECK(text(session, signatures) == "outpost.twice(text,integer)");
    CHECK(text(session, "SELECT a FROM outpost.pairs") == "aa");
    db::migrate(session, db::read_schema({tables()}));
    CHECK(text(session, "SELECT count(*) FROM pg_proc WHERE proname = 'twice'") == "0");
    CHECK_FALSE(exists(session, "outpost.pairs"));
    CHECK(text(session, "SELECT count(*) FROM outpost_private.schema_object") == "0");
}

TEST_CASE("an object that fails is named, and nothing changes") {
    db::Session session(test::fresh_database());
    CHECK_THROWS_WITH_AS(
        db::migrate(session, db::read_schema({tables(), view("pairs", "SELECT nonsense")})),
        doctest::Contains("schema/views/outpost/pairs.sql failed"), db::Error
    );
    CHECK_FALSE(exists(session, "outpost_private.pair"));
}

TEST_CASE("objects come after what they need; what cannot be is refused") {
    const auto needing = [](const std::string& name, const std::string& need) {
        return db::SchemaFile{"views/outpost/" + name + ".sql", "-- needs: " + need + "\nSELECT"};
    };
    const auto all = db::read_schema(
        {needing("a", "outpost.c, outpost.f"),
         {"functions/outpost/f.sql", ""},
         needing("c", "outpost.f"),
         {"triggers/t/b.sql", ""}}
    );
    REQUIRE(all.objects.size() == 4);
    CHECK(all.objects[0].name == "functions/outpost/f");
    CHECK(all.objects[1].name == "views/outpost/c");
    CHECK(all.objects[2].name == "views/outpost/a");
    CHECK(all.objects[3].name == "triggers/t/b");
    CHECK_THROWS(db::read_schema({needing("a", "outpost.b"), needing("b", "outpost.a")}));
    CHECK_THROWS(db::read_schema({needing("a", "outpost.none")}));
    CHECK_THROWS(db::read_schema({{"steps/first.sql", ""}}));
    CHECK_THROWS(db::read_schema({{"views.sql", ""}}));
}
