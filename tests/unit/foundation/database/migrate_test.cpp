// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <string>
#include <thread>

#include "core/foundation/database/migrate.hpp"
#include "tests/support/temp_postgres.hpp"

using namespace outpost;

namespace {

std::vector<db::Migration> steps(int count) {
    std::vector<db::Migration> all;
    for (int i = 1; i <= count; ++i) {
        const auto number = std::to_string(i);
        all.push_back(
            {i, "step" + number, "CREATE TABLE t" + number + " (); CREATE TABLE u" + number + " ()",
             "sum" + number}
        );
    }
    return all;
}

bool exists(db::Session& session, const std::string& table) {
    return session.exec({"exists", "SELECT to_regclass($1) IS NOT NULL"}, table).at(0).flag(0);
}

}  // namespace

TEST_CASE("the program carries the schema, in order and with checksums") {
    const auto& all = db::embedded_migrations();
    REQUIRE_FALSE(all.empty());
    for (std::size_t i = 0; i < all.size(); ++i) {
        if (i > 0) CHECK(all[i].version > all[i - 1].version);
        CHECK(all[i].checksum.size() == 64);
        CHECK_FALSE(all[i].name.empty());
    }
    CHECK(all[0].sql.find("CREATE TABLE") != std::string::npos);
}

TEST_CASE("the program's own schema applies to an empty database, once") {
    db::Session session(test::fresh_database());
    CHECK(db::migrate(session) == static_cast<int>(db::embedded_migrations().size()));
    CHECK(db::migrate(session) == 0);
    CHECK_NOTHROW(db::require_current(session));
}

TEST_CASE("what is missing is applied, once") {
    db::Session session(test::fresh_database());
    CHECK_THROWS_AS(db::require_current(session, steps(1)), db::Error);
    CHECK(db::migrate(session, steps(2)) == 2);
    CHECK(exists(session, "u2"));
    CHECK(db::migrate(session, steps(2)) == 0);
    CHECK_THROWS_AS(db::require_current(session, steps(3)), db::Error);
    CHECK(db::migrate(session, steps(3)) == 1);
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

TEST_CASE("a failed step leaves nothing of itself and the steps before it") {
    db::Session session(test::fresh_database());
    auto broken = steps(3);
    broken[1].sql = "CREATE TABLE half (); SELECT nonsense";
    CHECK_THROWS_AS(db::migrate(session, broken), db::Error);
    CHECK(exists(session, "t1"));
    CHECK_FALSE(exists(session, "half"));
    CHECK_FALSE(exists(session, "t3"));
    CHECK(db::migrate(session, steps(3)) == 2);
}

TEST_CASE("an applied step that changed is only warned of") {
    db::Session session(test::fresh_database());
    db::migrate(session, steps(1));
    auto changed = steps(1);
    changed[0].checksum = "other";
    CHECK(db::migrate(session, changed) == 0);
}

TEST_CASE("programs that migrate at the same time do it once") {
    const auto settings = test::fresh_database();
    int applied[4] = {};
    std::vector<std::thread> threads;
    for (int& mine : applied)
        threads.emplace_back([&settings, &mine] {
            db::Session session(settings);
            mine = db::migrate(session, steps(5));
        });
    for (auto& thread : threads)
        thread.join();
    CHECK(applied[0] + applied[1] + applied[2] + applied[3] == 5);
}
