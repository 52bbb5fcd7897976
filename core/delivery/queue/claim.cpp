// SPDX-License-Identifier: Apache-2.0
#include "core/delivery/queue/claim.hpp"

#include <iterator>
#include <map>
#include <set>

#include "core/delivery/queue/envelope.hpp"
#include "core/delivery/queue/insert.hpp"
#include "core/delivery/queue/leases.hpp"

namespace outpost::queue {
namespace {

using db::Statement;

// Of a recipient that was leased; its message's envelope comes behind them.
constexpr db::Columns claim_columns({
    {"message_id", "l.message_id"},
    {"number", "l.number"},
    {"lease_token", "l.lease_token"},
    {"address", "l.address"},
    {"notify", "l.notify"},
    {"orcpt", "l.orcpt"},
    {"attempts", "l.attempts"},
    {"uncertain", "l.uncertain"},
    {"last_error", "l.last_error"},
    {"last_status", "l.last_status"},
    {"transport_override", "l.transport_override"},
    {"warned", "l.warned"},
    {"crashes", "l.crashes"},
    {"interrupted", "l.interrupted"},
    {"to_be_signed", "m.signed_by IS NULL AND m.source = 'sql'"},
});
constexpr int first_of_envelope = claim_columns.size();

// What all ways of claiming do with the rows they chose: lease them under one token, count the
// attempt, and return them with their envelopes.
const std::string lease_and_return = R"(
    , leased AS (
        UPDATE outpost_private.recipient r
        SET state = 'leased', attempts = r.attempts + 1, lease_node = $1, lease_token = $3,
            leased_at = clock_timestamp(), stage = ''
        FROM due WHERE r.message_id = due.message_id AND r.number = due.number
        RETURNING r.*)
    SELECT )" + claim_columns.sql() + ", " +
                                     envelope_columns.sql() + R"(
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
const Statement select_earliest{"select_earliest_due", R"(
    SELECT min(next_attempt_at) FROM outpost_private.recipient
    WHERE state = 'queued'
)"};

/// The null reverse-path is an address, too; an envelope without recipient is none.
bool is_readable(const Claimed& claimed, const db::Row& row) {
    return !claimed.recipient.address.is_null() &&
           (!claimed.envelope->mail_from.is_null() ||
            row.view(first_of_envelope + envelope_columns["mail_from"]).empty());
}

Claimed claimed_of(const db::Row& row) {
    constexpr auto& c = claim_columns;
    const auto int4 = [&row](int column) { return static_cast<std::int32_t>(row.number(column)); };
    Claimed claimed;
    claimed.key = {MessageId{row.number(c["message_id"])}, int4(c["number"])};
    claimed.token = LeaseToken{row.number(c["lease_token"])};
    claimed.recipient.number = claimed.key.number;
    claimed.recipient.address = stored_address(row.view(c["address"]), claimed.key.message);
    claimed.recipient.notify =
        delivery::Notify::parse(row.view(c["notify"])).value_or(delivery::Notify{});
    claimed.recipient.orcpt = row.text(c["orcpt"]);
    claimed.attempts = int4(c["attempts"]);
    claimed.uncertain = row.flag(c["uncertain"]);
    claimed.last_error =
        delivery::parse_error_kind(row.view(c["last_error"])).value_or(delivery::ErrorKind::none);
    claimed.last_status = row.text(c["last_status"]);
    claimed.transport_override = row.text(c["transport_override"]);
    claimed.warned = row.flag(c["warned"]);
    claimed.crashes = int4(c["crashes"]);
    claimed.interrupted = row.flag(c["interrupted"]);
    claimed.to_be_signed = row.flag(c["to_be_signed"]);
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
        if (!envelope) envelope = envelope_of(row, first_of_envelope, claimed.key.message);
        claimed.envelope = envelope;
        if (is_readable(claimed, row))
            claims.push_back(std::move(claimed));
        else
            unreadable.add(claimed.key, claimed.token);
    }
    if (!unreadable.message.empty()) hold_unreadable(session, unreadable);
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

std::optional<WallTime> earliest_due(db::Session& session) {
    return session.exec(select_earliest).at(0).optional_time(0);
}

}  // namespace outpost::queue
