// SPDX-License-Identifier: Apache-2.0
#include "core/delivery/queue/insert.hpp"

#include <algorithm>
#include <set>

#include "core/foundation/base/safe_text.hpp"

namespace outpost::queue {
namespace {

using db::Bytes;
using db::Statement;

const Statement insert_message{"insert_message", R"(
    INSERT INTO outpost_private.message (id, account, mail_from, header, size, eightbit, smtputf8,
        require_tls, ret, envid, tag, message_id, source, client, idempotency_key, due_from,
        signed_by)
    SELECT id, account, mail_from, header, size, eightbit, smtputf8,
        nullif(tls_wish, 'default')::boolean, lower(ret), envid, tag, message_id, source, client, key,
        coalesce(due_from, clock_timestamp()), signed_by
    FROM unnest($1::int8[], $2::text[], $3::text[], $4::bytea[], $5::int8[], $6::bool[],
            $7::bool[], $8::text[], $9::text[], $10::text[], $11::text[], $12::text[], $13::text[],
            $14::text[], $15::text[], $16::timestamptz[], $17::text[])
        AS new (id, account, mail_from, header, size, eightbit, smtputf8, tls_wish, ret, envid,
            tag, message_id, source, client, key, due_from, signed_by)
    ON CONFLICT (account, idempotency_key) WHERE idempotency_key IS NOT NULL DO NOTHING
    RETURNING id
)"};
const Statement find_first{"find_first_message", R"(
    SELECT id FROM outpost_private.message
    WHERE account = $1 AND idempotency_key = $2
)"};
constexpr const char* copy_content =
    "COPY outpost_private.content (message_id, seq, data) FROM STDIN (FORMAT binary)";
const Statement insert_recipients{"insert_recipients", R"(
    WITH token AS (SELECT nextval('outpost_private.lease_token') AS value),
    new AS (
        INSERT INTO outpost_private.recipient (message_id, number, address, domain, notify, orcpt,
            state, attempts, next_attempt_at, lease_node, lease_token, leased_at)
        SELECT m, n, address, domain, notify, orcpt,
            CASE WHEN lease THEN 'leased' ELSE 'queued' END, lease::int,
            CASE WHEN NOT lease THEN coalesce(release_at, now()) END,
            CASE WHEN lease THEN $9::int8 END, CASE WHEN lease THEN token.value END,
            CASE WHEN lease THEN clock_timestamp() END
        FROM token, unnest($1::int8[], $2::int4[], $3::text[], $4::text[], $5::text[],
                $6::text[], $7::bool[], $8::timestamptz[])
            AS r (m, n, address, domain, notify, orcpt, lease, release_at))
    SELECT value FROM token
)"};
const Statement recipients_of_account{"recipients_of_account", R"(
    SELECT count(*)
    FROM outpost_private.message m JOIN outpost_private.recipient r ON r.message_id = m.id
    WHERE m.account = $1 AND m.account <> ''
        AND m.submitted_at > now() - make_interval(secs => $2::float8)
)"};
const Statement announce{"announce_work", "SELECT pg_notify('outpost_work', '')"};

/// Strangers' words that are only shown: as PostgreSQL's text can hold them.
std::string for_people(std::string_view words) {
    return safe_text(words, Charset::utf8, 998);
}

/// The message rows of a batch, column by column.
struct MessageColumns {
    std::vector<std::int64_t> id, size;
    std::vector<std::string> account, mail_from, tls_wish, ret, envid, tag, message_id, source,
        client, signed_by;
    std::vector<Bytes> header;
    std::vector<bool> eightbit, smtputf8;
    std::vector<std::optional<std::string>> key;
    std::vector<std::optional<WallTime>> due_from;

    void add(const NewMessage& message) {
        id.push_back(to_number(message.id));
        size.push_back(static_cast<std::int64_t>(message.content->size()));
        account.push_back(message.account);
        mail_from.push_back(message.mail_from.wire());
        tls_wish.emplace_back(to_string(message.tls_wish));
        ret.emplace_back(to_string(message.ret));
        envid.push_back(message.envid);
        tag.push_back(message.tag);
        message_id.push_back(for_people(message.message_id));
        source.push_back(message.source);
        client.push_back(for_people(message.client));
        header.emplace_back(message.content->header());
        eightbit.push_back(message.eightbit);
        smtputf8.push_back(message.smtputf8);
        key.push_back(
            message.idempotency_key.empty() ? std::nullopt : std::optional(message.idempotency_key)
        );
        due_from.push_back(message.release_at);
        signed_by.push_back(message.signed_by);
    }
};

/// As much of a body as fits into one row on a page of its own: such a row is written as it is,
/// where a larger one would be cut into pieces of 2 KB that have an index of their own (TOAST).
constexpr std::size_t row_octets = 8096;

void add_content(db::CopyRows& rows, const NewMessage& message) {
    std::int32_t seq = 0;
    for (const std::string& chunk : message.content->body()) {
        for (std::string_view rest = chunk; !rest.empty();
             rest.remove_prefix(std::min(rest.size(), row_octets))) {
            rows.add(to_number(message.id), seq++, Bytes(rest.substr(0, row_octets)));
        }
    }
}

struct RecipientColumns {
    std::vector<std::int64_t> message;
    std::vector<std::int32_t> number;
    std::vector<std::string> address, domain, notify, orcpt;
    std::vector<bool> lease;
    std::vector<std::optional<WallTime>> release_at;
    bool left_for_others = false;

    void add(const Insertion& one) {
        std::int32_t count = 0;
        for (const delivery::Recipient& recipient : one.message->recipients) {
            message.push_back(to_number(one.message->id));
            number.push_back(++count);
            address.push_back(recipient.address.wire());
            domain.push_back(lane_of(recipient.address));
            notify.push_back(recipient.notify.to_string());
            orcpt.push_back(recipient.orcpt);
            lease.push_back(one.lease);
            release_at.push_back(one.message->release_at);
        }
        left_for_others = left_for_others || !one.lease;
    }
};

std::set<std::int64_t> write_messages(db::Session& session, std::span<Insertion> batch) {
    MessageColumns c;
    for (const Insertion& one : batch)
        c.add(*one.message);
    std::set<std::int64_t> written;
    for (const db::Row row : session.exec(
             insert_message, c.id, c.account, c.mail_from, c.header, c.size, c.eightbit, c.smtputf8,
             c.tls_wish, c.ret, c.envid, c.tag, c.message_id, c.source, c.client, c.key, c.due_from,
             c.signed_by
         )) {
        written.insert(row.number(0));
    }
    return written;
}

}  // namespace

std::string lane_of(const mail::Address& address) {
    if (!address.domain().empty()) return address.domain().ascii();
    const std::string wire = address.wire();
    return wire.substr(wire.rfind('@') + 1);
}

std::vector<Inserted> insert_messages(
    db::Session& session, std::span<Insertion> batch, NodeId node
) {
    const std::set<std::int64_t> written = write_messages(session, batch);
    std::vector<Inserted> results;
    std::vector<const NewMessage*> contents;
    RecipientColumns recipients;
    for (const Insertion& one : batch) {
        const bool fresh = written.contains(to_number(one.message->id));
        if (fresh) {
            contents.push_back(one.message.get());
            recipients.add(one);
            results.push_back({one.message->id, false, {}});
        } else {
            results.push_back(
                {MessageId{session
                               .exec(find_first, one.message->account, one.message->idempotency_key)
                               .at(0)
                               .number(0)},
                 true,
                 {}}
            );
        }
    }
    if (!contents.empty()) {
        session.copy(copy_content, [&contents](db::CopyRows& rows) {
            for (const NewMessage* message : contents)
                add_content(rows, *message);
        });
        const LeaseToken token{session
                                   .exec(
                                       insert_recipients, recipients.message, recipients.number,
                                       recipients.address, recipients.domain, recipients.notify,
                                       recipients.orcpt, recipients.lease, recipients.release_at,
                                       to_number(node)
                                   )
                                   .at(0)
                                   .number(0)};
        for (Inserted& one : results)
            one.token = token;
        if (recipients.left_for_others) session.exec(announce);
    }
    return results;
}

std::uint64_t count_recipients(
    db::Session& session, const std::string& account, std::chrono::seconds span
) {
    const auto seconds = static_cast<double>(span.count());
    const auto rows = session.exec(recipients_of_account, account, seconds);
    return static_cast<std::uint64_t>(rows.at(0).number(0));
}

}  // namespace outpost::queue
