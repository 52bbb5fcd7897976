// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <span>
#include <string>
#include <vector>

#include "core/delivery/queue/records.hpp"
#include "core/foundation/database/session.hpp"

namespace outpost::queue {

/// Records outcomes in one transaction: attempt rows, the recipients' new states, double bounces,
/// bodies that nobody needs any more. One result each: whether it was recorded, or is fenced. Safe
/// to repeat when a COMMIT's answer was lost.
std::vector<bool> write_settlements(
    db::Session& session, std::span<const Settled* const> batch, const std::string& node
);

}  // namespace outpost::queue
