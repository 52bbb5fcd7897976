// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <atomic>
#include <optional>

#include "core/delivery/dispatch/recipient_budget.hpp"
#include "core/delivery/dispatch/settings.hpp"
#include "core/delivery/dispatch/snapshot.hpp"
#include "core/delivery/queue/store.hpp"
#include "core/foundation/async/task_group.hpp"

namespace outpost::dispatch {

/// What the parts of the dispatcher have in common. They live on the first loop; what may be used
/// on others says so.
struct Shared {
    Shared(
        const Executor& first_loop, queue::QueueStore& queue, Settings limits, SnapshotPtr in_force
    )
        : executor(first_loop),
          store(queue),
          settings(std::move(limits)),
          snapshot(std::move(in_force)),
          budget(settings.max_recipients) {}

    const Executor executor;   ///< of the first loop
    queue::QueueStore& store;  ///< thread-safe
    const Settings settings;
    SnapshotPtr snapshot;               ///< what is claimed now follows this configuration
    RecipientBudget budget;             ///< thread-safe
    TaskGroup tasks;                    ///< thread-safe
    std::atomic<bool> draining{false};  ///< nothing more begins
    bool database_away = false;         ///< the queue could not be read the last time
};

}  // namespace outpost::dispatch
