// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <fmt/format.h>

#include "core/foundation/database/connection_string.hpp"
#include "core/foundation/database/session.hpp"
#include "tests/support/soon.hpp"
#include "tests/support/temp_postgres.hpp"

using namespace outpost;

namespace {

constexpr db::Statement insert{"s_insert", "INSERT INTO thing (number) VALUES ($1)"};
constexpr db::Statement count{"s_count", "SELECT count(*) FROM thing"};

/// A database with the table "thing" and a deferred constraint that only COMMIT checks.
db::Settings with_table() {
    auto settings = test::fresh_database();
    db::Session(settings).exec_script(
        "CREATE TABLE thing (number int PRIMARY KEY CHECK (number > 0), "
        "parent int REFERENCES thing DEFERRABLE INITIALLY DEFERRED)"
    );
    return settings;
}

void terminate_other(const db::Settings& settings, std::int64_t pid) {
    db::Session(settings).exec({"kill", "SELECT pg_terminate_backend($1::int4, 5000)"}, pid);
}

std::int64_t pid_of(db::Session& session) {
    return session.exec_script("SELECT pg_backend_pid()").at(0).number(0);
}

}  // namespace

TEST_CASE("a transaction holds or leaves no trace") {
    db::Session session(with_table());
    {
        db::Transaction abandoned(session);
        session.exec(insert, 1);
    }
    CHECK(session.exec(count).at(0).number(0) == 0);
    {
        db::Transaction kept(session, db::Durability::asynchronous);
        CHECK(session.exec_script("SHOW synchronous_commit").at(0).text(0) == "off");
        CHECK(session.exec(insert, 1).affected() == 1);
        CHECK_THROWS_AS(db::Transaction{session}, db::Error);
        kept.commit();
    }
    CHECK(session.exec(count).at(0).number(0) == 1);
    CHECK_FALSE(session.in_transaction());
}

TEST_CASE("errors carry the server's code and leave a usable connection") {
    db::Session session(with_table());
    try {
        session.exec(insert, -1);
        FAIL("the constraint did not hold");
    } catch (const db::Error& error) {
        CHECK(error.sqlstate() == "23514");
    }
    {
        db::Transaction transaction(session);
        session.exec(insert, 1);
        CHECK_THROWS_AS(session.exec(insert, 1), db::Error);
        CHECK_THROWS_AS(transaction.commit(), db::Error);  // and no silent rollback
    }
    {
        db::Transaction transaction(session);
        session.exec_script("INSERT INTO thing VALUES (5, 99)");
        CHECK_THROWS_AS(transaction.commit(), db::Error);
    }
    CHECK(session.alive());
    CHECK(session.exec(count).at(0).number(0) == 0);
    CHECK_THROWS_AS(session.exec({"s_bad", "SELECT nonsense"}), db::Error);
    CHECK(session.exec(count).at(0).number(0) == 0);
}

TEST_CASE("a lost connection is Unavailable, but InDoubt during a commit") {
    const auto settings = with_table();
    {
        db::Session session(settings);
        terminate_other(settings, pid_of(session));
        CHECK_THROWS_AS(session.exec(count), db::Unavailable);
        CHECK_FALSE(session.alive());
        CHECK_FALSE(session.touched());
        CHECK_THROWS_AS(session.exec(count), db::Unavailable);  // and no silent new connection
    }
    {
        db::Session session(settings);
        db::Transaction transaction(session);
        session.exec(insert, 3);
        terminate_other(settings, pid_of(session));
        CHECK_THROWS_AS(transaction.commit(), db::InDoubt);
        CHECK(session.touched());
    }
}

TEST_CASE("rows go in by COPY as they are") {
    db::Session session(with_table());
    session.exec_script(
        "CREATE TABLE all_types (flag boolean, small int4, large int8, real float8, at "
        "timestamptz, "
        "octets bytea, words text, missing text)"
    );
    const auto noon = WallTime(std::chrono::hours(24 * 20'000 + 12));
    const std::string octets("\0\1\\.\n\xff", 6);
    session.copy("COPY all_types FROM STDIN (FORMAT binary)", [&](db::CopyRows& rows) {
        for (std::int32_t i = 0; i < 20'000; ++i) {  // more than goes out at once
            rows.add(
                true, i, std::int64_t{1} << 40, 0.5, noon, db::Bytes(octets), "na\u00efve",
                std::optional<std::string>()
            );
        }
    });
    constexpr db::Statement good{"good_rows", R"(
        SELECT count(*), count(DISTINCT small) FROM all_types
        WHERE flag AND large = 1::int8 << 40 AND real = 0.5 AND at = $1 AND octets = $2
            AND words = U&'na\00efve' AND missing IS NULL)"};
    const auto rows = session.exec(good, noon, db::Bytes(octets));
    CHECK(rows.at(0).number(0) == 20'000);
    CHECK(rows.at(0).number(1) == 20'000);
}

TEST_CASE("a COPY that fails writes nothing and leaves a usable connection") {
    const auto settings = with_table();
    db::Session session(settings);
    const auto copy = [&](const db::FillRows& fill) {
        session.copy("COPY thing (number) FROM STDIN (FORMAT binary)", fill);
    };
    try {
        copy([](db::CopyRows& rows) {
            rows.add(std::int32_t{1});
            rows.add(std::int32_t{-1});
        });
        FAIL("the constraint did not hold");
    } catch (const db::Error& error) {
        CHECK(error.sqlstate() == "23514");
    }
    CHECK_THROWS_AS(
        copy([](db::CopyRows& rows) {
            rows.add(std::int32_t{1});
            throw std::runtime_error("no more");
        }),
        db::Error
    );
    CHECK_THROWS_AS(session.copy("COPY nowhere FROM STDIN", [](db::CopyRows&) {}), db::Error);
    {
        const db::Transaction abandoned(session);
        copy([](db::CopyRows& rows) { rows.add(std::int32_t{1}); });
    }
    CHECK(session.exec(count).at(0).number(0) == 0);
    copy([](db::CopyRows& rows) { rows.add(std::int32_t{1}); });
    CHECK(session.exec(count).at(0).number(0) == 1);
    terminate_other(settings, pid_of(session));
    CHECK_THROWS_AS(copy([](db::CopyRows& rows) { rows.add(std::int32_t{2}); }), db::Unavailable);
}

TEST_CASE("a database without room is told from one that is away, also by the answer to a commit") {
    const auto settings = with_table();
    db::Session session(settings);
    CHECK_THROWS_AS(
        session.exec_script("DO $$ BEGIN RAISE 'full' USING ERRCODE = '53100'; END $$"), db::NoRoom
    );
    CHECK(session.alive());
    session.exec_script(
        "CREATE TABLE t (n int);"
        "CREATE FUNCTION full_up() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE 'full' USING ERRCODE = '53100'; END $$;"
        "CREATE CONSTRAINT TRIGGER late AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED "
        "FOR EACH ROW EXECUTE FUNCTION full_up()"
    );
    db::Transaction transaction(session);
    session.exec_script("INSERT INTO t VALUES (1)");
    CHECK_THROWS_AS(transaction.commit(), db::NoRoom);
    CHECK(session.alive());
}

TEST_CASE("a statement that waits is ended by another thread, or by the limit of its connection") {
    auto settings = test::fresh_database();
    const auto started = SteadyClock::now();
    {
        db::Session session(settings);
        std::thread other([&] {
            db::Session outside(settings);
            CHECK(test::soon([&] {
                const auto sleeping = outside.exec_script(
                    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
                    "AND wait_event = 'PgSleep'"
                );
                return sleeping.at(0).number(0) == 1;
            }));
            session.interrupt();
        });
        CHECK_THROWS_AS(session.exec_script("SELECT pg_sleep(90)"), db::Unavailable);
        other.join();
        CHECK_FALSE(session.alive());
    }
    settings.hard_limit = std::chrono::milliseconds(500);
    db::Session session(settings);
    CHECK_THROWS_AS(session.exec_script("SELECT pg_sleep(90)"), db::Unavailable);
    CHECK(SteadyClock::now() - started < std::chrono::seconds(60));
}

TEST_CASE("an idle connection that the server has ended is found out without a statement") {
    const auto settings = test::fresh_database();
    db::Session session(settings);
    CHECK(session.still_open());
    terminate_other(settings, pid_of(session));
    CHECK_FALSE(session.still_open());
}

TEST_CASE("a database that is not there is Unavailable") {
    db::Settings settings;
    settings.connection = Secret("host=/nowhere dbname=x");
    CHECK_THROWS_AS(db::Session{settings}, db::Unavailable);
}

TEST_CASE("statements end by the timeout of the settings") {
    auto settings = test::fresh_database();
    settings.statement_timeout = std::chrono::milliseconds(50);
    db::Session session(settings);
    try {
        session.exec_script("SELECT pg_sleep(10)");
        FAIL("the statement was not stopped");
    } catch (const db::Error& error) {
        CHECK(error.sqlstate() == "57014");
    }
    CHECK(session.alive());
}

TEST_CASE("connection strings of both forms are completed, and win over our options") {
    db::Settings settings;
    settings.connection = Secret("host=a,b connect_timeout=3");
    const auto words = db::complete_connection_string(settings);
    CHECK(words.starts_with("host=a,b connect_timeout=3 keepalives_idle=10 "));
    CHECK(words.find("connect_timeout", words.find("connect_timeout") + 1) == std::string::npos);
    CHECK(words.find(" target_session_attrs=read-write") != std::string::npos);
    settings.connection = Secret("postgresql://a,b/mail?application_name=x");
    const auto url = db::complete_connection_string(settings);
    CHECK(url.starts_with("postgresql://a,b/mail?application_name=x&connect_timeout=10&"));
    settings.connection = Secret("postgres://a/mail");
    CHECK(db::complete_connection_string(settings).starts_with(
        "postgres://a/mail?connect_timeout=10&"
    ));
}
