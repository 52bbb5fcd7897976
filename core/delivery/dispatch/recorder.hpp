// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <atomic>
#include <chrono>
#include <optional>
#include <vector>

#include "core/delivery/queue/store.hpp"
#include "core/foundation/async/deadline.hpp"

namespace outpost::dispatch {

/// Records outcomes whatever happens to the database meanwhile: an outcome that a remote has told
/// us is kept in memory until it is written. Thread-safe; the back-off runs on the caller's
/// executor.
class Recorder {
  public:
    explicit Recorder(
        queue::QueueStore& store,
        std::chrono::milliseconds first_pause = std::chrono::milliseconds(500)
    )
        : store_(store), first_pause_(first_pause) {}

    awaitable<void> settle(std::vector<queue::Settled> outcomes);
    /// Gives leases back; what cannot be given back by then is left for the takeover of this node.
    awaitable<void> give_back(
        std::vector<queue::Lease> leases, std::optional<WallTime> next, Deadline deadline = {}
    );

    /// True while a call waits for the database to come back.
    bool waits_for_database() const noexcept { return waiting_ > 0; }

  private:
    awaitable<void> pause(int round, Deadline deadline);

    queue::QueueStore& store_;
    const std::chrono::milliseconds first_pause_;
    std::atomic<int> waiting_{0};
};

}  // namespace outpost::dispatch
