// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/delivery/queue/store.hpp"
#include "core/foundation/database/session.hpp"

/// Taking due work out of the database, and putting it back. Plain calls on a session: the store
/// runs them on its pool.
namespace outpost::queue {

LeaseToken new_lease_token(db::Session& session);
/// Recipients whose envelope cannot be read are held instead.
std::vector<Claimed> claim_due(
    db::Session& session, NodeId node, LeaseToken token, std::size_t limit,
    const std::vector<std::string>& saturated
);
/// The message with its content; null when it is gone. What PostgreSQL sends is read in pieces, so
/// that there is no second copy of a large content at any time.
std::shared_ptr<const delivery::Message> load_message(db::Session& session, MessageId id);
/// The message with its header section alone.
std::shared_ptr<const delivery::Message> load_header(db::Session& session, MessageId id);
/// Whether as much is stored as was accepted: an empty body must never go out for a lost one.
bool is_whole(const delivery::Message& message);
/// Holds the recipients of a message that is not whole, as far as this node has them.
void hold_damaged(db::Session& session, MessageId id, NodeId node);

/// Leases that lead to no attempt.
struct GivenBack {
    std::vector<Lease> leases;
    std::optional<WallTime> next;  ///< when they are due again; nothing: at once
};
void give_leases_back(db::Session& session, std::span<const GivenBack> batch);

std::optional<WallTime> earliest_due(db::Session& session);

}  // namespace outpost::queue
