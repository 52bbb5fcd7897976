// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "core/db/group_commit.hpp"
#include "core/queue/store.hpp"

namespace outpost::queue {

/// How far the deliveries in flight are, so that after a crash others can see what is uncertain.
/// Thread-safe.
///
/// Early stages are gathered and written a few times a second, if the delivery lasts that long. The
/// final dot is written before it is sent, together with those of other deliveries; that statement
/// is also what proves that the lease is still ours.
class Stages {
  public:
    explicit Stages(db::Pool& pool);

    void progress(const std::vector<Lease>& leases, delivery::Stage stage);
    /// Deliveries that ended: their stages need not be written any more.
    void forget(const RecipientKey& key);
    /// Writes what has been gathered. Called regularly, on any thread.
    void flush();
    /// See QueueStore::final_dot.
    awaitable<bool> final_dot(std::vector<Lease> leases, std::string on_uncertain);

  private:
    struct Dot {
        std::vector<Lease> leases;
        std::string on_uncertain;
    };
    struct Reached {
        LeaseToken token{};
        delivery::Stage stage{};
    };

    db::Pool& pool_;
    /// Dots whose loss by a crash of the database would only cost the note: the message is sent
    /// again either way. The others are as durable as an acceptance.
    db::GroupCommit<Dot, bool> light_, durable_;
    std::mutex mutex_;
    std::map<RecipientKey, Reached> gathered_;
};

}  // namespace outpost::queue
