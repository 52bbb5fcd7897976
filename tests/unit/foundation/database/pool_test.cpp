// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>

#include <atomic>
#include <latch>

#include "core/foundation/database/group_commit.hpp"
#include "core/foundation/database/pool.hpp"
#include "tests/support/run.hpp"
#include "tests/support/temp_postgres.hpp"

using namespace outpost;
using namespace std::chrono_literals;

namespace {

std::int64_t own_pid(db::Session& session) {
    return session.exec_script("SELECT pg_backend_pid()").at(0).number(0);
}

void kill_backend(const db::Settings& settings, std::int64_t pid) {
    db::Session(settings).exec({"kill", "SELECT pg_terminate_backend($1::int4, 5000)"}, pid);
}

/// Nothing answers there, and at once.
db::Settings nowhere() {
    db::Settings settings;
    settings.connection = Secret("host=/nowhere dbname=x");
    settings.patience = 1s;
    return settings;
}

template <class F>
std::string what_it_throws(asio::io_context& loop, db::Pool& pool, F work) {
    try {
        test::run(loop, pool.run(work));
        return "nothing";
    } catch (const db::Unavailable&) {
        return "Unavailable";
    } catch (const db::InDoubt&) {
        return "InDoubt";
    } catch (const db::Error&) {
        return "Error";
    }
}

}  // namespace

TEST_CASE("work runs on a connection and its result or error comes back") {
    asio::io_context loop;
    db::Pool pool(test::fresh_database(), 2);
    CHECK(test::run(loop, pool.run(own_pid)) > 0);
    test::run(loop, pool.run([](db::Session& session) { session.exec_script("SELECT 1"); }));
    CHECK(what_it_throws(loop, pool, [](db::Session& session) {
              session.exec_script("nonsense");
          }) == "Error");
    CHECK(pool.reachable());
    pool.stop();
    CHECK(what_it_throws(loop, pool, own_pid) == "Unavailable");
}

TEST_CASE("work survives a connection that died while idle") {
    asio::io_context loop;
    const auto settings = test::fresh_database();
    db::Pool pool(settings, 1);
    const auto before = test::run(loop, pool.run(own_pid));
    kill_backend(settings, before);
    CHECK(test::run(loop, pool.run(own_pid)) != before);
    CHECK(pool.reachable());
}

TEST_CASE("work that lost its connection within a transaction is not repeated") {
    asio::io_context loop;
    const auto settings = test::fresh_database();
    db::Pool pool(settings, 1);
    std::atomic<int> runs = 0;
    const auto suicide = [&](db::Session& session) {
        ++runs;
        db::Transaction transaction(session);
        kill_backend(settings, own_pid(session));
        session.exec_script("SELECT 1");
        transaction.commit();
    };
    CHECK(what_it_throws(loop, pool, suicide) == "Unavailable");
    CHECK(runs == 1);
    CHECK(test::run(loop, pool.run(own_pid)) > 0);
}

TEST_CASE("a database that is away: work waits its patience, later fails at once") {
    asio::io_context loop;
    db::Pool pool(nowhere(), 2);
    const auto started = SteadyClock::now();
    CHECK(what_it_throws(loop, pool, own_pid) == "Unavailable");
    const auto first = SteadyClock::now() - started;
    CHECK(first > 500ms);
    CHECK(first < 20s);
    CHECK_FALSE(pool.reachable());
    // Were each to wait its patience, these would take a minute.
    const auto again = SteadyClock::now();
    for (int i = 0; i < 60; ++i)
        CHECK(what_it_throws(loop, pool, own_pid) == "Unavailable");
    CHECK(SteadyClock::now() - again < 30s);
}

TEST_CASE("work waits only so long for a busy connection") {
    asio::io_context loop;
    auto settings = test::fresh_database();
    settings.longest_wait = 1s;
    std::latch begun(1), enough(1);  // before the pool, whose threads use them to the end
    std::atomic<bool> busy = true;
    db::Pool pool(settings, 1);
    pool.post(
        [&](db::Session&) {
            begun.count_down();
            enough.wait();
            busy = false;
        },
        [](std::exception_ptr) {}
    );
    begun.wait();
    CHECK(what_it_throws(loop, pool, own_pid) == "Unavailable");
    CHECK(busy);  // it did not wait for the connection
    enough.count_down();
}

TEST_CASE("items that wait together are written together, and a bad one fails alone") {
    asio::io_context loop;
    const auto settings = test::fresh_database();
    db::Session(settings).exec_script("CREATE TABLE item (number int CHECK (number <> 13))");
    db::Pool pool(settings, 2);
    std::atomic<int> transactions = 0;
    const auto write = [&](db::Session& session, std::span<int> items) {
        db::Transaction transaction(session);
        const std::vector<std::int32_t> numbers(items.begin(), items.end());
        session.exec({"item_insert", "INSERT INTO item SELECT unnest($1::int4[])"}, numbers);
        transaction.commit();
        ++transactions;
        return std::vector<int>(items.begin(), items.end());
    };
    db::GroupCommit<int, int> group(pool, write, {.max_items = 64});

    int right = 0;
    int refused = 0;
    const auto submit = [&](int number) -> awaitable<void> {
        try {
            const int result = co_await group.submit(number);
            right += result == number;
        } catch (const db::Error&) {
            refused += number == 13;
        }
    };
    for (int i = 0; i < 100; ++i)
        asio::co_spawn(loop, submit(i), asio::detached);
    loop.run_for(20s);
    CHECK(right == 99);
    CHECK(refused == 1);
    CHECK(transactions < 20);  // not one each
    CHECK(db::Session(settings).exec_script("SELECT count(*) FROM item").at(0).number(0) == 99);
}

TEST_CASE("a batch holds no more bytes and items than it may") {
    asio::io_context loop;
    db::Pool pool(test::fresh_database(), 1);
    std::atomic<std::size_t> largest = 0;
    const auto work = [&](db::Session&, std::span<int> items) {
        largest = std::max(largest.load(), items.size());
        return std::vector<int>(items.begin(), items.end());
    };
    db::GroupCommit<int, int> group(pool, work, {.max_items = 10, .max_bytes = 1000});
    int done = 0;
    const auto submit = [&](std::size_t bytes) -> awaitable<void> {
        done += co_await group.submit(1, bytes);
    };
    for (int i = 0; i < 30; ++i)
        asio::co_spawn(loop, submit(250), asio::detached);
    asio::co_spawn(loop, submit(5000), asio::detached);  // larger than a batch: goes alone
    loop.run_for(20s);
    CHECK(done == 31);
    CHECK(largest <= 4);
    CHECK(largest > 1);
}

TEST_CASE("a lost database fails every item of a batch") {
    asio::io_context loop;
    db::Pool pool(nowhere(), 1);
    const auto work = [](db::Session&, std::span<int> items) {
        return std::vector<int>(items.begin(), items.end());
    };
    db::GroupCommit<int, int> group(pool, work);
    int failed = 0;
    const auto submit = [&]() -> awaitable<void> {
        try {
            co_await group.submit(1);
        } catch (const db::Unavailable&) {
            ++failed;
        }
    };
    for (int i = 0; i < 5; ++i)
        asio::co_spawn(loop, submit(), asio::detached);
    loop.run_for(20s);
    CHECK(failed == 5);
}
