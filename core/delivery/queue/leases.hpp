// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <span>
#include <vector>

#include "core/delivery/queue/lease_columns.hpp"
#include "core/delivery/queue/store.hpp"
#include "core/foundation/database/session.hpp"

/// Leases that end without an attempt.
namespace outpost::queue {

struct GivenBack {
    std::vector<Lease> leases;
    std::optional<WallTime> next;  ///< when they are due again; nothing: at once
};
void give_leases_back(db::Session& session, std::span<const GivenBack> batch);

/// Holds recipients whose envelope cannot be read.
void hold_unreadable(db::Session& session, const LeaseColumns& leases);
/// Holds the recipients of a message that is not whole, as far as this node has them.
void hold_damaged(db::Session& session, MessageId id, NodeId node);

}  // namespace outpost::queue
