// SPDX-License-Identifier: Apache-2.0
#include "core/delivery/queue/claim.hpp"

#include <iterator>
#include <map>
#include <set>

#include "core/delivery/queue/insert.hpp"
#include "core/delivery/queue/lease_columns.hpp"
#include "core/foundation/base/log.hpp"

namespace outpost::queue {
namespace {

using db::Statement;

// What all ways of claiming do with the rows they chose: lease them under one token, count the
// attempt, and return them with their envelopes.
const std::string lease_and_return = R"(
    , leased AS (
        UPDATE outpost_private.recipient r
        SET state = 'leased', attempts = r.attempts + 1, lease_node = $1, lease_token = $3,
            leased_at = clock_timestamp(), stage = ''
        FROM due WHERE r.message_id = due.message_id AND r.number = due.number
        RETURNING r.*)
    SELECT l.message_id, l.number, l.lease_token, l.address, l.notify, l.orcpt, l.attempts,
        l.uncertain, l.last_error, l.last_status, l.transport_override, l.warned,
        m.account, m.mail_from, m.size, m.eightbit, m.smtputf8, m.require_tls, m.ret, m.envid,
        m.tag, m.submitted_at, m.due_from, l.crashes, l.interrupted,
        m.signed_by IS NULL AND m.source = 'sql'
    FROM leased l JOIN outpost_private.message m ON m.id = l.message_id
)";

// The oldest due work, whatever its destination.
const std::string oldest = R"(
    WITH due AS (
        SELECT message_id, number FROM outpost_private.recipient
        WHERE state = 'queued' AND next_attempt_at <= now()
        ORDER BY next_attempt_at LIMIT $2 FOR UPDATE SKIP LOCKED)
)" + lease_and_return;

// With saturated destinations to step over: the oldest due work of the others, as far as it lies
// within the front of the queue.
const std::string from_front = R"(
    WITH front AS MATERIALIZED (
        SELECT message_id, number, domain FROM outpost_private.recipient
        WHERE state = 'queued' AND next_attempt_at <= now()
        ORDER BY next_attempt_at LIMIT 2000),
    due AS (
        SELECT r.message_id, r.number
        FROM front f JOIN outpost_private.recipient r
            ON r.message_id = f.message_id AND r.number = f.number
        WHERE f.domain <> ALL ($4::text[]) AND r.state = 'queued' AND r.next_attempt_at <= now()
        LIMIT $2 FOR UPDATE OF r SKIP LOCKED)
)" + lease_and_return;

const Statement front_full{"claim_front_is_full", R"(
    SELECT count(*) = 2000 FROM (SELECT FROM outpost_private.recipient
    WHERE state = 'queued' AND next_attempt_at <= now()
    ORDER BY next_attempt_at LIMIT 2000) front
)"};

// When a few destinations fill the front: from each other destination a share, those for which
// least is waiting first. Which have anything due is known from the counts and from the changes
// that were not added to them yet (waiting_now), so neither a million due recipients
// of one domain nor a million domains that are not due cost more than one. A domain that the counts
// name in vain, since all of it was claimed a moment ago, costs one look into the index.
const std::string by_lane = R"(
    WITH lanes AS MATERIALIZED (
        SELECT domain FROM (
            (SELECT name AS domain, queued FROM outpost_private.waiting
            WHERE next_due <= now() AND name <> ALL ($4::text[])
            ORDER BY next_due DESC LIMIT 2000)
            UNION ALL
            SELECT domain, queued FROM outpost_private.waiting_change
            WHERE next_due <= now() AND domain <> ALL ($4::text[])) due_lanes
        GROUP BY domain ORDER BY sum(queued), random()),
    due AS (
        SELECT one.message_id, one.number
        FROM lanes CROSS JOIN LATERAL (
            SELECT r.message_id, r.number FROM outpost_private.recipient r
            WHERE r.state = 'queued' AND r.domain = lanes.domain AND r.next_attempt_at <= now()
            ORDER BY r.next_attempt_at LIMIT 10 FOR UPDATE SKIP LOCKED) one
        LIMIT $2)
)" + lease_and_return;

const Statement claim_oldest{"claim_oldest", oldest.c_str()};
const Statement claim_from_front{"claim_from_front", from_front.c_str()};
const Statement claim_by_lane{"claim_by_lane", by_lane.c_str()};

const Statement new_token{"new_lease_token", "SELECT nextval('outpost_private.lease_token')"};
const Statement select_message{"select_message", R"(
    SELECT account, mail_from, size, eightbit, smtputf8, require_tls, ret, envid, tag,
        submitted_at, due_from, header FROM outpost_private.message
    WHERE id = $1
)"};
// A page of a body: some rows, and of each no more than a slice (a row from SQL may be a whole
// body).
constexpr std::size_t page_rows = 136, slice_octets = 1 << 20;
const Statement select_content{"select_content", R"(
    SELECT seq, CASE WHEN seq = $2::int4 THEN substr(data, $3::int4, 1048576)
        ELSE substr(data, 1, 1048576) END
    FROM outpost_private.content WHERE message_id = $1 AND seq >= $2::int4
    ORDER BY seq LIMIT 136
)"};
const Statement give_back_leases{"give_back_leases", R"(
    UPDATE outpost_private.recipient r
    SET state = 'queued', attempts = greatest(r.attempts - 1, 0),
        next_attempt_at = coalesce(l.next, clock_timestamp()), lease_node = NULL, stage = ''
    FROM unnest($1::int8[], $2::int4[], $3::int8[], $4::timestamptz[]) AS l (m, n, t, next)
    WHERE r.message_id = l.m AND r.number = l.n AND r.lease_token = l.t AND r.state = 'leased'
)"};
// What cannot be delivered as it was accepted waits for a person, and is not attempted.
const Statement hold_leased{"hold_leased", R"(
    UPDATE outpost_private.recipient r
    SET state = 'held', attempts = greatest(r.attempts - 1, 0), hold_reason = $1,
        held_by = 'outpost', held_at = clock_timestamp(), lease_node = NULL, stage = ''
    FROM unnest($2::int8[], $3::int4[], $4::int8[]) AS l (m, n, t)
    WHERE r.message_id = l.m AND r.number = l.n AND r.lease_token = l.t AND r.state = 'leased'
)"};
const Statement hold_leased_of_message{"hold_leased_of_message", R"(
    UPDATE outpost_private.recipient r
    SET state = 'held', attempts = greatest(r.attempts - 1, 0), hold_reason = $1,
        held_by = 'outpost', held_at = clock_timestamp(), lease_node = NULL, stage = ''
    WHERE r.message_id = $2 AND r.lease_node = $3 AND r.state = 'leased'
)"};
const Statement select_earliest{"select_earliest_due", R"(
    SELECT min(next_attempt_at) FROM outpost_private.recipient
    WHERE state = 'queued'
)"};

mail::Address address_of(std::string_view text, MessageId id) {
    if (text.empty()) return {};
    auto address = mail::Address::parse(text);
    if (!address)
        log::error(
            "queue", "message {}: address '{}' in the database cannot be read: {}", to_number(id),
            text, address.error()
        );
    return address ? std::move(*address) : mail::Address();
}

/// The null reverse-path is an address, too; an envelope without recipient is none.
bool is_readable(const Claimed& claimed, const db::Row& row) {
    return !claimed.recipient.address.is_null() &&
           (!claimed.envelope->mail_from.is_null() || row.view(13).empty());
}

delivery::TlsWish wish_of(const db::Row& row, int column) {
    if (row.is_null(column)) return delivery::TlsWish::standard;
    return row.flag(column) ? delivery::TlsWish::required : delivery::TlsWish::not_required;
}

/// Eleven columns from `first`: account, mail_from, size, eightbit, smtputf8, require_tls, ret,
/// envid, tag, submitted_at, due_from.
std::shared_ptr<delivery::Message> envelope_of(const db::Row& row, int first, MessageId id) {
    auto message = std::make_shared<delivery::Message>();
    message->id = id;
    message->account = row.text(first);
    message->mail_from = address_of(row.view(first + 1), id);
    message->body = delivery::BodyHandle(static_cast<std::uint64_t>(row.number(first + 2)));
    message->eightbit = row.flag(first + 3);
    message->smtputf8 = row.flag(first + 4);
    message->tls_wish = wish_of(row, first + 5);
    message->ret = smtp::parse_ret(row.view(first + 6)).value_or(delivery::Ret::unspecified);
    message->envid = row.text(first + 7);
    message->tag = row.text(first + 8);
    message->submitted_at = row.time(first + 9);
    message->due_from = row.time(first + 10);
    return message;
}

Claimed claimed_of(const db::Row& row) {
    Claimed claimed;
    claimed.key = {MessageId{row.number(0)}, static_cast<std::int32_t>(row.number(1))};
    claimed.token = LeaseToken{row.number(2)};
    claimed.recipient.number = claimed.key.number;
    claimed.recipient.address = address_of(row.view(3), claimed.key.message);
    claimed.recipient.notify = delivery::Notify::parse(row.view(4)).value_or(delivery::Notify{});
    claimed.recipient.orcpt = row.text(5);
    claimed.attempts = static_cast<int>(row.number(6));
    claimed.uncertain = row.flag(7);
    claimed.last_error =
        delivery::parse_error_kind(row.view(8)).value_or(delivery::ErrorKind::none);
    claimed.last_status = row.text(9);
    claimed.transport_override = row.text(10);
    claimed.warned = row.flag(11);
    claimed.crashes = static_cast<int>(row.number(23));
    claimed.interrupted = row.flag(24);
    claimed.to_be_signed = row.flag(25);
    return claimed;
}

/// Holds those whose envelope cannot be read: a mistake in one row must neither change where mail
/// goes nor be tried for ever.
std::vector<Claimed> claims_of(db::Session& session, const db::Rows& rows) {
    std::vector<Claimed> claims;
    LeaseColumns unreadable;
    std::map<MessageId, std::shared_ptr<const delivery::Message>> envelopes;  // one a message
    for (const db::Row row : rows) {
        Claimed claimed = claimed_of(row);
        auto& envelope = envelopes[claimed.key.message];
        if (!envelope) envelope = envelope_of(row, 12, claimed.key.message);
        claimed.envelope = envelope;
        if (is_readable(claimed, row))
            claims.push_back(std::move(claimed));
        else
            unreadable.add(claimed.key, claimed.token);
    }
    if (!unreadable.message.empty()) {
        session.exec(
            hold_leased, "an address of the envelope cannot be read", unreadable.message,
            unreadable.number, unreadable.token
        );
    }
    return claims;
}

/// Of a batch, one in so many recipients is kept for destinations that the front does not show.
constexpr std::size_t shares = 4;

/// The ways of claiming, for one node and under one token.
struct Claiming {
    db::Session& session;
    NodeId node;
    LeaseToken token;

    std::vector<Claimed> from_front(std::size_t most, const std::vector<std::string>& saturated)
        const {
        if (saturated.empty())
            return claims_of(
                session,
                session.exec(
                    claim_oldest, to_number(node), static_cast<std::int64_t>(most), to_number(token)
                )
            );
        return claim(claim_from_front, most, saturated);
    }
    std::vector<Claimed> by_lane(std::size_t most, const std::vector<std::string>& not_from) const {
        return claim(claim_by_lane, most, not_from);
    }
    /// Whether there may be due recipients behind those that `from_front` has looked at.
    bool front_is_full(const std::vector<std::string>& saturated) const {
        return !saturated.empty() && session.exec(front_full).at(0).flag(0);
    }

  private:
    std::vector<Claimed> claim(
        const Statement& statement, std::size_t most, const std::vector<std::string>& not_from
    ) const {
        return claims_of(
            session, session.exec(
                         statement, to_number(node), static_cast<std::int64_t>(most),
                         to_number(token), not_from
                     )
        );
    }
};

std::vector<std::string> with_domains_of(
    const std::vector<Claimed>& claims, const std::vector<std::string>& saturated
) {
    std::set<std::string> domains(saturated.begin(), saturated.end());
    for (const Claimed& claim : claims)
        domains.insert(lane_of(claim.recipient.address));
    return {domains.begin(), domains.end()};
}

void append(std::vector<Claimed>& claims, std::vector<Claimed> more) {
    claims.insert(
        claims.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end())
    );
}

}  // namespace

LeaseToken new_lease_token(db::Session& session) {
    return LeaseToken{session.exec(new_token).at(0).number(0)};
}

std::vector<Claimed> claim_due(
    db::Session& session, NodeId node, LeaseToken token, std::size_t limit,
    const std::vector<std::string>& saturated
) {
    const Claiming claiming{session, node, token};
    const std::size_t share = limit / shares;
    std::vector<Claimed> claims = claiming.from_front(limit - share, saturated);
    if (claims.size() < limit - share && !claiming.front_is_full(saturated)) return claims;
    // More is due than the front shows, perhaps all of one destination's: the others get a share.
    if (claims.size() < limit)
        append(claims, claiming.by_lane(limit - claims.size(), with_domains_of(claims, saturated)));
    if (claims.size() < limit)
        append(claims, claiming.from_front(limit - claims.size(), saturated));
    return claims;
}

namespace {

/// The body of a message, page by page.
class BodyReader {
  public:
    BodyReader(db::Session& session, MessageId id) : session_(session), id_(id) {}

    std::vector<std::string> read() {
        while (read_page()) {
        }
        return std::move(body_);
    }

  private:
    /// False when there is no more.
    bool read_page() {
        const db::Rows rows = session_.exec(select_content, to_number(id_), seq_, offset_);
        std::vector<std::string> page;
        bool cut = false;
        for (const db::Row row : rows) {
            page.push_back(row.bytes(1));
            cut = step(static_cast<std::int32_t>(row.number(0)), page.back().size());
            if (cut) break;  // the rest of this row comes before the next
        }
        const bool full = rows.size() == page_rows;
        full ? add_joined(page) : add(page);
        return cut || full;
    }

    /// Sets where to go on behind this part of a row; true when there may be more of it.
    bool step(std::int32_t seq, std::size_t octets) {
        const bool cut = octets == slice_octets;
        const std::int32_t here = seq == seq_ ? offset_ : 1;
        offset_ = cut ? here + static_cast<std::int32_t>(octets) : 1;
        seq_ = cut ? seq : seq + 1;
        return cut;
    }

    void add(std::vector<std::string>& page) {
        for (std::string& data : page) {
            if (!data.empty()) body_.push_back(std::move(data));
        }
    }
    /// Large content in blocks that malloc gets from the system and gives back to it.
    void add_joined(const std::vector<std::string>& page) {
        std::size_t octets = 0;
        for (const std::string& data : page)
            octets += data.size();
        std::string& block = body_.emplace_back();
        block.reserve(octets);
        for (const std::string& data : page)
            block += data;
    }

    db::Session& session_;
    const MessageId id_;
    std::int32_t seq_ = 0, offset_ = 1;  // where the next page begins
    std::vector<std::string> body_;
};

void hold(delivery::Message& message, std::string header, std::vector<std::string> body) {
    auto content = std::make_shared<mail::Content>(std::move(header), std::move(body));
    message.body = delivery::BodyHandle(message.body.size(), std::move(content));
}

}  // namespace

std::shared_ptr<const delivery::Message> load_message(db::Session& session, MessageId id) {
    const db::Rows rows = session.exec(select_message, to_number(id));
    if (rows.empty()) return nullptr;
    const auto message = envelope_of(rows.at(0), 0, id);
    hold(*message, rows.at(0).bytes(11), BodyReader(session, id).read());
    return message;
}

std::shared_ptr<const delivery::Message> load_header(db::Session& session, MessageId id) {
    const db::Rows rows = session.exec(select_message, to_number(id));
    if (rows.empty()) return nullptr;
    const auto message = envelope_of(rows.at(0), 0, id);
    hold(*message, rows.at(0).bytes(11), {});
    return message;
}

bool is_whole(const delivery::Message& message) {
    return message.body.held()->size() == message.body.size();
}

void hold_damaged(db::Session& session, MessageId id, NodeId node) {
    log::error(
        "queue", "message {}: its stored content is not what was accepted; it is held",
        to_number(id)
    );
    session.exec(
        hold_leased_of_message, "the stored content is not what was accepted", to_number(id),
        to_number(node)
    );
}

void give_leases_back(db::Session& session, std::span<const GivenBack> batch) {
    LeaseColumns l;
    std::vector<std::optional<WallTime>> next;
    for (const GivenBack& one : batch) {
        for (const Lease& lease : one.leases) {
            l.add(lease.key, lease.token);
            next.push_back(one.next);
        }
    }
    session.exec(give_back_leases, l.message, l.number, l.token, next);
}

std::optional<WallTime> earliest_due(db::Session& session) {
    return session.exec(select_earliest).at(0).optional_time(0);
}

}  // namespace outpost::queue
