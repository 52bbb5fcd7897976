// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "core/delivery/queue/store.hpp"
#include "core/foundation/database/session.hpp"

/// Taking due work out of the database. Plain calls on a session: the store
/// runs them on its pool.
namespace outpost::queue {

LeaseToken new_lease_token(db::Session& session);
/// Recipients whose envelope cannot be read are held instead.
std::vector<Claimed> claim_due(
    db::Session& session, NodeId node, LeaseToken token, std::size_t limit,
    const std::vector<std::string>& saturated
);
/// When the earliest recipient is due that waits; none when nothing does.
std::optional<WallTime> earliest_due(db::Session& session);

}  // namespace outpost::queue
