// SPDX-License-Identifier: Apache-2.0
#include "core/delivery/queue/leases.hpp"

#include "core/foundation/base/log.hpp"

namespace outpost::queue {
namespace {

using db::Statement;

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

}  // namespace

void hold_unreadable(db::Session& session, const LeaseColumns& leases) {
    session.exec(
        hold_leased, "an address of the envelope cannot be read", leases.message, leases.number,
        leases.token
    );
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

}  // namespace outpost::queue
