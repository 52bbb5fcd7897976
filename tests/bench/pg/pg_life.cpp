// SPDX-License-Identifier: Apache-2.0
// How many messages a second PostgreSQL can carry through a whole life as the simplest of queues:
// inserted, leased (SKIP LOCKED), read, deleted, by a bare client in batches, on two small tables
// of its own. No queue in PostgreSQL that keeps a message durably does much better.
//
//   pg_life --seconds 15 --batch 64 [--producers 2] [--consumers 2]
#include <atomic>
#include <chrono>
#include <string>
#include <thread>

#include "tests/bench/pg/client.hpp"
#include "tests/bench/pg/workers.hpp"
#include "tests/bench/tools/bodies.hpp"
#include "tests/bench/tools/support.hpp"

namespace outpost::bench {
namespace {

constexpr const char* tables = R"(
    DROP TABLE IF EXISTS life_message, life_recipient;
    CREATE TABLE life_message (
        id bigint PRIMARY KEY, created timestamptz NOT NULL DEFAULT now(), sender text NOT NULL,
        body bytea NOT NULL);
    ALTER TABLE life_message ALTER body SET STORAGE EXTERNAL;
    CREATE TABLE life_recipient (
        id bigint PRIMARY KEY, message_id bigint NOT NULL, domain text NOT NULL,
        address text NOT NULL, state smallint NOT NULL DEFAULT 0, attempts smallint NOT NULL DEFAULT 0,
        next_at timestamptz NOT NULL DEFAULT now(), lease_until timestamptz);
    CREATE INDEX life_due ON life_recipient (next_at) WHERE state = 0;
)";
constexpr const char* insert_sql = R"(
    WITH m AS (
        INSERT INTO life_message (id, sender, body)
        SELECT * FROM unnest($1::int8[], $2::text[], $3::bytea[]))
    INSERT INTO life_recipient (id, message_id, domain, address)
    SELECT * FROM unnest($1::int8[], $1::int8[], $4::text[], $5::text[])
)";
constexpr const char* lease_sql = R"(
    WITH due AS (
        SELECT id FROM life_recipient WHERE state = 0 AND next_at <= now()
        ORDER BY next_at LIMIT $1::int8 FOR UPDATE SKIP LOCKED)
    UPDATE life_recipient r
    SET state = 1, lease_until = now() + interval '5 minutes', attempts = attempts + 1
    FROM due WHERE r.id = due.id RETURNING r.id, r.message_id, r.domain, r.address
)";
constexpr const char* read_sql =
    "SELECT id, sender, body FROM life_message WHERE id = ANY ($1::int8[])";
constexpr const char* delete_sql = R"(
    WITH d AS (DELETE FROM life_recipient WHERE id = ANY ($1::int8[]))
    DELETE FROM life_message WHERE id = ANY ($1::int8[])
)";

class WholeLife {
  public:
    explicit WholeLife(const Work& work)
        : work_(work), bodies_(make_bodies(work.size)), end_(now() + work.seconds) {}

    void run() {
        run_workers(work_, [&] { insert_all(); }, [] {}, [&] { return consume_all(); });
    }

  private:
    bool time_left() const { return now() < end_; }

    void insert_all() {
        Client client;
        client.prepare("insert", insert_sql);
        while (time_left())
            insert(client, next_.fetch_add(work_.batch));
    }

    void insert(Client& client, std::int64_t first) {
        const auto count = static_cast<std::size_t>(work_.batch);
        auto id = Array::of_bigint(count);
        auto sender = Array::of_text(count), domain = sender, address = sender;
        auto body = Array::of_bytea(count);
        for (std::int64_t number = first; number < first + work_.batch; ++number) {
            const auto host = "d" + std::to_string(number % 10000) + ".bench.test";
            id.add(number);
            sender.add("sender@origin.test");
            body.add(bodies_[static_cast<std::size_t>(number) % bodies_.size()].text);
            domain.add(host);
            address.add("r" + std::to_string(number) + "@" + host);
        }
        client.run(
            "insert",
            {&id.octets(), &sender.octets(), &body.octets(), &domain.octets(), &address.octets()}
        );
    }

    long consume_all() {
        Client client;
        client.prepare("lease", lease_sql);
        client.prepare("read", read_sql);
        client.prepare("delete", delete_sql);
        long finished = 0;
        while (time_left())
            finished += consume(client);
        return finished;
    }

    long consume(Client& client) {
        const auto most = binary(work_.batch);
        const auto leased = client.run("lease", {&most});
        const int count = PQntuples(leased.get());
        if (count == 0) std::this_thread::sleep_for(std::chrono::milliseconds(2));
        if (count == 0) return 0;
        auto ids = Array::of_bigint(static_cast<std::size_t>(count));
        for (int row = 0; row < count; ++row)
            ids.add(number_at(leased, row, 0));
        client.run("read", {&ids.octets()});
        client.run("delete", {&ids.octets()});
        return count;
    }

    const Work& work_;
    const std::vector<Body> bodies_;
    const double end_;
    std::atomic<std::int64_t> next_{1};
};

}  // namespace
}  // namespace outpost::bench

int main(int argc, char** argv) {
    using namespace outpost::bench;
    Work work = parse_work(argc, argv, "The simplest of queues in PostgreSQL");
    if (work.seconds <= 0) work.seconds = 15;
    Client().execute(tables);
    WholeLife(work).run();
}
