// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <string>

#include "core/foundation/async/awaitable.hpp"
#include "core/foundation/async/deadline.hpp"

namespace outpost {

/// Owns background coroutines: none runs unseen. A task that ends with an exception is logged under
/// its name; the others go on. Thread-safe.
class TaskGroup {
  public:
    TaskGroup();
    ~TaskGroup();
    TaskGroup(const TaskGroup&) = delete;
    TaskGroup& operator=(const TaskGroup&) = delete;

    /// Starts `task` on `executor`. The coroutine must own what it uses (arguments by value) or use
    /// what outlives the group.
    void spawn(std::string name, const Executor& executor, awaitable<void> task);
    std::size_t running() const noexcept;
    /// Waits until no task runs, or the deadline passes; true when all ended.
    awaitable<bool> join(Deadline deadline);

  private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace outpost
