// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <utility>

#include "core/foundation/async/wakeup.hpp"

namespace outpost {

/// Coroutines that wait for something scarce, served in the order in which they came: the part of a
/// semaphore that waits. What is scarce, and who may have it, is its owner's to know. Thread-safe;
/// each waiter resumes on its own executor.
///
/// A `Permit` is empty when default-constructed, is false when empty, and gives back what it stands
/// for when it is destroyed. Nobody keeps a permit that it does not use: one whose coroutine is
/// destroyed, or whose deadline passes, leaves the queue, and the next is tried.
template <class Permit>
class WaitQueue {
  public:
    /// Takes a permit, or returns an empty one when there is none now. Called by whoever waits or
    /// offers, with the queue locked: it must not throw, nor call the queue.
    using Take = std::function<Permit()>;

    /// A permit if there is one now and nobody waits for it already; or else an empty one.
    Permit try_take(const Take& take) {
        const std::lock_guard lock(mutex_);
        return waiting_.empty() ? take() : Permit();
    }

    /// Waits for a permit; empty when the deadline passed first.
    awaitable<Permit> wait(Take take, Deadline deadline) {
        const Executor executor = co_await asio::this_coro::executor;
        Place place(*this, std::move(take), executor);
        if (place.waits()) co_await place.wait(deadline);
        co_return place.leave();
    }

    /// To be called after permits were given back, or whenever there may be more of them.
    void offer() {
        const std::lock_guard lock(mutex_);
        while (!waiting_.empty()) {
            const auto first = waiting_.front();
            first->permit = first->take();
            if (!first->permit) return;
            waiting_.pop_front();
            first->queued = false;
            first->wakeup->notify();
        }
    }

    std::size_t waiting() const {
        const std::lock_guard lock(mutex_);
        return waiting_.size();
    }

  private:
    struct Waiter {
        Take take;
        std::shared_ptr<Wakeup> wakeup;
        Permit permit;
        bool queued = false;
    };
    using WaiterPtr = std::shared_ptr<Waiter>;

    /// One place in the queue, as long as its coroutine waits.
    class Place {
      public:
        Place(WaitQueue& queue, Take take, const Executor& executor) : queue_(queue) {
            waiter_->take = std::move(take);
            waiter_->wakeup = std::make_shared<Wakeup>(executor);
            const std::lock_guard lock(queue_.mutex_);
            if (queue_.waiting_.empty()) waiter_->permit = waiter_->take();
            if (waiter_->permit) return;
            waiter_->queued = true;
            at_ = queue_.waiting_.insert(queue_.waiting_.end(), waiter_);
        }
        Place(const Place&) = delete;
        Place& operator=(const Place&) = delete;
        ~Place() { leave(); }

        bool waits() const {
            const std::lock_guard lock(queue_.mutex_);
            return waiter_->queued;
        }
        awaitable<bool> wait(Deadline deadline) { return waiter_->wakeup->wait(deadline); }

        /// What it has got by now. Whoever stood behind it may be content with less.
        Permit leave() {
            std::pair<Permit, bool> left = step_out();
            if (left.second) queue_.offer();
            return std::move(left.first);
        }

      private:
        std::pair<Permit, bool> step_out() {
            const std::lock_guard lock(queue_.mutex_);
            const bool gave_up = std::exchange(waiter_->queued, false);
            if (gave_up) queue_.waiting_.erase(at_);
            return {std::exchange(waiter_->permit, Permit()), gave_up};
        }

        WaitQueue& queue_;
        const WaiterPtr waiter_ = std::make_shared<Waiter>();
        typename std::list<WaiterPtr>::iterator at_;
    };

    mutable std::mutex mutex_;
    std::list<WaiterPtr> waiting_;  ///< first come, first served
};

}  // namespace outpost
