// SPDX-License-Identifier: Apache-2.0
#include "core/delivery/queue/doubts.hpp"

#include <vector>

namespace outpost::queue {
namespace {

using db::Statement;

/// The server ends a COMMIT that it has begun long before that, whether it could tell us or not.
constexpr std::chrono::seconds claim_in_doubt{60};

// A key that another transaction has inserted makes this wait for that transaction's end.
const Statement probe{"doubt_probe", R"(
    INSERT INTO outpost_private.message (id, account, mail_from, header, size, eightbit, smtputf8,
        ret, envid, tag, message_id, source, client)
    VALUES ($1, '', '', '', 0, false, false, '', '', '', '', '', '')
    ON CONFLICT (id) DO NOTHING
)"};
const Statement find_token{"doubt_find_token", R"(
    SELECT coalesce(lease_token, 0) FROM outpost_private.recipient
    WHERE message_id = $1 ORDER BY number LIMIT 1
)"};
const Statement give_messages_back{"doubt_give_messages_back", R"(
    UPDATE outpost_private.recipient
    SET state = 'queued', attempts = greatest(attempts - 1, 0),
        next_attempt_at = clock_timestamp(), lease_node = NULL, stage = ''
    WHERE state = 'leased' AND lease_node = $1 AND message_id = ANY ($2::int8[])
)"};
const Statement give_claims_back{"doubt_give_claims_back", R"(
    UPDATE outpost_private.recipient
    SET state = 'queued', attempts = greatest(attempts - 1, 0),
        next_attempt_at = clock_timestamp(), lease_node = NULL, stage = ''
    WHERE state = 'leased' AND lease_node = $1 AND lease_token = ANY ($2::int8[])
)"};

}  // namespace

void Doubts::add(LeaseToken token) {
    const std::lock_guard lock(mutex_);
    claims_[token] = SteadyClock::now();
}

void Doubts::add(MessageId id) {
    const std::lock_guard lock(mutex_);
    messages_.insert(id);
}

void Doubts::settle(db::Session& session, NodeId node) {
    std::vector<std::int64_t> tokens, ids;
    {
        const std::lock_guard lock(mutex_);
        for (const auto& [token, since] : claims_)
            tokens.push_back(to_number(token));
        for (const MessageId id : messages_)
            ids.push_back(to_number(id));
    }
    if (!ids.empty()) {
        for (const std::int64_t id : ids)
            find_insertion(session, MessageId{id});
        session.exec(give_messages_back, to_number(node), ids);
    }
    if (!tokens.empty()) session.exec(give_claims_back, to_number(node), tokens);
    const std::lock_guard lock(mutex_);
    for (const std::int64_t id : ids)
        messages_.erase(MessageId{id});
    std::erase_if(claims_, [](const auto& claim) {
        return SteadyClock::now() > claim.second + claim_in_doubt;
    });
}

std::optional<LeaseToken> find_insertion(db::Session& session, MessageId id) {
    db::Transaction transaction(session);  // rolled back: the probe leaves nothing
    session.exec(probe, to_number(id));
    const db::Rows rows = session.exec(find_token, to_number(id));
    return rows.empty() ? std::nullopt : std::optional(LeaseToken{rows.at(0).number(0)});
}

}  // namespace outpost::queue
