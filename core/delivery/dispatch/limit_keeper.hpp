// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
#include <vector>

#include "core/delivery/dispatch/slots.hpp"
#include "core/foundation/async/event.hpp"
#include "core/foundation/async/task_group.hpp"

namespace outpost::dispatch {

/// Keeps this node's slots in step with the other nodes: alone it leaves the database in
/// peace; as soon as it hears of another, it publishes what it holds, and then takes and gives back
/// slots in batches. Lives on one loop.
class LimitKeeper {
  public:
    /// Called with the destinations that may try to begin again, and with nothing new to say after
    /// each round that changed something else.
    using MayTry = std::function<void(const std::vector<queue::LimitKey>&)>;

    LimitKeeper(queue::LimitStore& store, Slots& slots, const Executor& executor, MayTry may_try);

    void start(TaskGroup& tasks);
    void stop();
    /// Something changed in the slots.
    void wake() { event_.notify(); }
    /// Another node has told that something changed. Thread-safe.
    void changed();
    /// Whether what the slots say is still true: not after the lease was lost.
    bool may_begin() const;

  private:
    awaitable<void> run();
    awaitable<void> round();
    awaitable<void> stay_alone();
    awaitable<void> share();
    awaitable<queue::LimitStanding> exchange();
    awaitable<void> ask_for_messages();
    void may_try(const std::vector<queue::LimitKey>& destinations);
    Duration pause() const;

    queue::LimitStore& store_;
    Slots& slots_;
    const Executor executor_;
    const MayTry may_try_;
    Event event_;
    bool stopping_ = false;
    bool told_ = false;  ///< another node told of a change
    bool published_ = false;
    bool failed_ = false;
    std::uint64_t lease_losses_ = 0;
    SteadyTime next_check_{};
};

}  // namespace outpost::dispatch
