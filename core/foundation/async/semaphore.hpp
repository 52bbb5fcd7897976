// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <mutex>
#include <utility>

#include "core/foundation/async/wait_queue.hpp"

namespace outpost {

/// So many at a time: an asynchronous semaphore. Whoever waits is served in order, on its own
/// executor. Thread-safe; outlives its permits.
class Semaphore {
  public:
    explicit Semaphore(std::size_t permits) : free_(permits) {}

    /// The right to go on, given back at its end; empty: none.
    class Permit {
      public:
        Permit() = default;
        Permit(Permit&& other) noexcept : owner_(std::exchange(other.owner_, nullptr)) {}
        Permit& operator=(Permit&& other) noexcept {
            std::swap(owner_, other.owner_);
            return *this;
        }
        ~Permit() {
            if (owner_ != nullptr) owner_->release();
        }
        explicit operator bool() const noexcept { return owner_ != nullptr; }

      private:
        friend class Semaphore;
        explicit Permit(Semaphore& owner) : owner_(&owner) {}
        Semaphore* owner_ = nullptr;
    };

    Permit try_acquire() {
        return queue_.try_take([this] { return take(); });
    }
    /// Empty when the deadline passed first.
    awaitable<Permit> acquire(Deadline deadline = {}) {
        return queue_.wait([this] { return take(); }, deadline);
    }

  private:
    Permit take() {
        const std::lock_guard lock(mutex_);
        if (free_ == 0) return {};
        --free_;
        return Permit(*this);
    }
    void release() {
        {
            const std::lock_guard lock(mutex_);
            ++free_;
        }
        queue_.offer();
    }

    std::mutex mutex_;
    std::size_t free_;
    WaitQueue<Permit> queue_;
};

}  // namespace outpost
