// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "core/delivery/queue/store.hpp"
#include "core/foundation/database/group_commit.hpp"

namespace outpost::queue {

/// How far the deliveries in flight are, so that after a crash others can see what is uncertain.
/// Thread-safe.
///
/// Stages are gathered and written a few times a second, if the delivery lasts that long: most are
/// over before. Where the route wants to know for certain whether a final dot was sent (it holds,
/// or assumes delivery), the dot is written durably before it is sent, together with those of other
/// deliveries. Where the message is sent again either way, a note would cost every message a row
/// version and tell nothing that decides anything.
class Stages {
  public:
    explicit Stages(db::Pool& pool);

    void progress(const std::vector<Lease>& leases, delivery::Stage stage);
    /// Deliveries that ended: their stages need not be written any more.
    void forget(const RecipientKey& key);
    /// Lets the pool write what has been gathered, best effort. Called regularly, on any thread.
    void flush();
    /// Writes what has been gathered, now. Throws as Session does.
    void write(db::Session& session);
    /// A stage that must be known before it is reached.
    struct Note {
        std::vector<Lease> leases;
        delivery::Stage stage{};
        std::string on_uncertain;  ///< what is to be done should this node die then
    };
    /// Writes it durably, together with others; false when a lease is no longer in force.
    awaitable<bool> write(Note note);

  private:
    struct Reached {
        LeaseToken token{};
        delivery::Stage stage{};
    };

    using Gathered = std::map<RecipientKey, Reached>;
    Gathered take();
    static void write(db::Session& session, const Gathered& gathered);

    db::Pool& pool_;
    db::GroupCommit<Note, bool> notes_;
    std::mutex mutex_;
    Gathered gathered_;
};

}  // namespace outpost::queue
