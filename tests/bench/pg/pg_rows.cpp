// SPDX-License-Identifier: Apache-2.0
// What PostgreSQL alone costs for the very rows that Outpost writes for a message which is accepted
// and delivered at the first attempt: message, content and recipient (leased at once) in one
// transaction, then in another one the recipient's outcome, the attempt, and the content freed. No
// server around it: two connections insert, two settle, each a batch a transaction. The schema must
// exist (outpost migrate).
//
//   pg_rows --messages 20000 --batch 64 [--producers 2] [--consumers 2]
#include <algorithm>
#include <atomic>
#include <string>

#include "tests/bench/pg/client.hpp"
#include "tests/bench/pg/workers.hpp"
#include "tests/bench/tools/bodies.hpp"

namespace outpost::bench {
namespace {

constexpr const char* insert_sql = R"(
    WITH new AS MATERIALIZED (
        SELECT * FROM unnest($1::int8[], $2::text[], $3::bytea[], $4::int8[], $5::text[],
            $6::text[]) AS new (id, message_id, header, size, address, domain)),
    messages AS (
        INSERT INTO outpost_private.message (id, account, mail_from, header, size, eightbit,
            smtputf8, ret, envid, tag, message_id, source, client, signed_by)
        SELECT id, '', 'sender@origin.test', header, size, false, false, '', '', '', message_id, 'relay', '127.0.0.1 helo source.bench.test', ''
        FROM new),
    contents AS (
        INSERT INTO outpost_private.content (message_id, seq, data)
        SELECT * FROM unnest($7::int8[], $8::int4[], $9::bytea[]))
    INSERT INTO outpost_private.recipient (message_id, number, address, domain, notify, orcpt, state,
        attempts, lease_node, lease_token, leased_at)
    SELECT id, 1, address, domain, '', '', 'leased', 1, 1, 1, clock_timestamp() FROM new
)";

/// As much of a body as the server writes into one row (core/delivery/queue/insert.cpp).
constexpr std::size_t row_octets = 8096;

constexpr const char* settle_sql = R"(
    WITH done AS MATERIALIZED (SELECT unnest($1::int8[]) AS id),
    recipients AS (
        UPDATE outpost_private.recipient r
        SET state = 'delivered', finished_at = clock_timestamp(), last_attempt_at = r.leased_at,
            last_status = '2.0.0', last_reply = '250 2.0.0 kept', last_reply_code = 250,
            last_transport = 'sink', last_remote_host = '127.0.0.2', last_remote_ip = '127.0.0.2',
            lease_node = NULL
        FROM done WHERE r.message_id = done.id AND r.number = 1 AND r.lease_token = 1
            AND r.state = 'leased'),
    attempts AS (
        INSERT INTO outpost_private.attempt (message_id, number, attempt, started_at, duration, node,
            route_list, route_index, route_name, route_reason, transport, remote_host, remote_ip,
            remote_port, tls_version, tls_cipher, tls_verified, tls_requirement, stage, outcome,
            error_kind, reply_code, status, reply, config_version, transcript, tls_policy, tls_result)
        SELECT id, 1, 1, clock_timestamp(), 0.01, 'node1', 'global', 1, '',
            'global route 1 -> [sink]', 'sink', '127.0.0.2', '127.0.0.2', 25, '', '', false, 'none',
            'final_dot', 'delivered', 'none', 250, '2.0.0', '250 2.0.0 kept', '0123456789ab', '', '', 'in clear: TLS is not wanted'
        FROM done)
    DELETE FROM outpost_private.content WHERE message_id = ANY ($1::int8[])
)";

const std::string header =
    "Received: from source.bench.test ([127.0.0.1]) by mta.origin.test with ESMTP id 1234567;\r\n"
    " Mon, 23 Nov 2026 12:00:00 +0000\r\nFrom: Sender <sender@origin.test>\r\n"
    "To: <r1234567.0@d0.bench.test>\r\nSubject: load 1234567\r\n"
    "Date: Mon, 23 Nov 2026 12:00:00 +0000\r\nMessage-ID: <1234567@origin.test>\r\n"
    "X-Bench-Number: 1234567\r\nX-Bench-Sum: 01234567\r\nMIME-Version: 1.0\r\n"
    "Content-Type: text/plain\r\n\r\n";

class SameRows {
  public:
    SameRows(const Work& work, std::int64_t first)
        : work_(work), bodies_(make_bodies(work.size)), first_(first) {}

    void run() {
        run_workers(
            work_, [&] { insert_all(); }, [&] { handover_.end(); }, [&] { return settle_all(); }
        );
    }

  private:
    void insert_all() {
        Client client;
        client.prepare("insert", insert_sql);
        long begin;
        while ((begin = next_.fetch_add(work_.batch)) < work_.messages)
            handover_.put(insert(client, first_ + begin));
    }

    Handover::Ids insert(Client& client, std::int64_t first) {
        const auto count = static_cast<std::size_t>(work_.batch);
        const auto pieces = count * ((bodies_.front().text.size() + row_octets - 1) / row_octets);
        auto id = Array::of_bigint(count), size = id, piece_of = Array::of_bigint(pieces);
        auto message_id = Array::of_text(count), address = message_id, domain = message_id;
        auto head = Array::of_bytea(count), piece = Array::of_bytea(pieces);
        auto seq = Array::of_integer(pieces);
        Handover::Ids ids;
        for (std::int64_t number = first; number < first + work_.batch; ++number) {
            const auto text = std::to_string(number);
            std::string_view body = bodies_[static_cast<std::size_t>(number) % bodies_.size()].text;
            ids.push_back(number);
            id.add(number);
            message_id.add("<" + text + "@origin.test>");
            head.add(header);
            size.add(static_cast<std::int64_t>(header.size() + body.size()));
            address.add("r" + text + ".0@d0.bench.test");
            domain.add("d0.bench.test");
            for (std::int32_t part = 0; !body.empty(); ++part) {
                piece_of.add(number);
                seq.add_integer(part);
                piece.add(body.substr(0, row_octets));
                body.remove_prefix(std::min(body.size(), row_octets));
            }
        }
        client.run(
            "insert",
            {&id.octets(), &message_id.octets(), &head.octets(), &size.octets(), &address.octets(),
             &domain.octets(), &piece_of.octets(), &seq.octets(), &piece.octets()}
        );
        return ids;
    }

    long settle_all() {
        Client client;
        client.prepare("settle", settle_sql);
        long finished = 0;
        while (const auto ids = handover_.take()) {
            auto done = Array::of_bigint(ids->size());
            for (const std::int64_t id : *ids)
                done.add(id);
            client.run("settle", {&done.octets()});
            finished += static_cast<long>(ids->size());
        }
        return finished;
    }

    const Work& work_;
    const std::vector<Body> bodies_;
    const std::int64_t first_;
    std::atomic<long> next_{0};
    Handover handover_;
};

}  // namespace
}  // namespace outpost::bench

int main(int argc, char** argv) {
    using namespace outpost::bench;
    const Work work = parse_work(argc, argv, "The rows that Outpost writes, without Outpost");
    const auto first =
        Client().number("SELECT coalesce(max(id), 0) + 1 FROM outpost_private.message");
    SameRows(work, first).run();
}
