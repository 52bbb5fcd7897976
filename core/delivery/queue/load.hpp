// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>

#include "core/delivery/interface/job.hpp"
#include "core/foundation/database/session.hpp"

/// Reading messages out of the database. Plain calls on a session: the store runs them on its pool.
namespace outpost::queue {

/// The message with its content; null when it is gone. What PostgreSQL sends is read in pieces, so
/// that there is no second copy of a large content at any time.
std::shared_ptr<const delivery::Message> load_message(db::Session& session, MessageId id);
/// The message with its header section alone.
std::shared_ptr<const delivery::Message> load_header(db::Session& session, MessageId id);
/// Whether as much is stored as was accepted: an empty body must never go out for a lost one.
bool is_whole(const delivery::Message& message);

}  // namespace outpost::queue
