// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <map>
#include <mutex>
#include <optional>
#include <set>

#include "core/delivery/queue/store.hpp"
#include "core/foundation/base/clock.hpp"
#include "core/foundation/database/session.hpp"

namespace outpost::queue {

/// Recipients that may be leased to this node without its knowing: the answer to the COMMIT was
/// lost, and nobody works on them. They are given back, or they would wait for this node to end.
/// Thread-safe.
class Doubts {
  public:
    /// A claim: whatever was leased under this token.
    void add(LeaseToken token);
    /// A message of ours that was to be inserted as leased, whose fate could not be found out yet.
    void add(MessageId id);
    /// Gives back what turns out to be leased. Throws as Session does; then the doubts remain.
    void settle(db::Session& session, NodeId node);

  private:
    std::mutex mutex_;
    std::map<LeaseToken, SteadyTime> claims_;
    std::set<MessageId> messages_;
};

/// Whether a message was committed, by a transaction that is over: waits for one that is not. The
/// token of its lease, 0 when it was not leased; none when the message is not there.
std::optional<LeaseToken> find_insertion(db::Session& session, MessageId id);

}  // namespace outpost::queue
