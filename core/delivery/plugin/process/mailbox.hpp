// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <asio/post.hpp>

#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "core/foundation/async/event.hpp"

namespace outpost::plugin_host {

/// Letters for one coroutine from other threads, in order. The mailbox belongs to the coroutine;
/// others hold its Slot, which may outlive it and then swallows what is thrown in.
template <class Letter>
class Mailbox {
    struct Shared {
        std::mutex mutex;
        std::deque<Letter> letters;
        Executor executor;
        Mailbox* owner = nullptr;
    };

  public:
    class Slot {
      public:
        Slot() = default;
        explicit Slot(std::shared_ptr<Shared> shared) : shared_(std::move(shared)) {}
        void put(Letter letter) const {
            const std::lock_guard lock(shared_->mutex);
            if (!shared_->owner) return;
            shared_->letters.push_back(std::move(letter));
            asio::post(shared_->executor, [shared = shared_] { wake(*shared); });
        }

      private:
        std::shared_ptr<Shared> shared_;
    };

    explicit Mailbox(const Executor& executor)
        : shared_(std::make_shared<Shared>()), arrived_(executor) {
        shared_->executor = executor;
        shared_->owner = this;
    }
    ~Mailbox() {
        const std::lock_guard lock(shared_->mutex);
        shared_->owner = nullptr;
    }
    Mailbox(const Mailbox&) = delete;
    Mailbox& operator=(const Mailbox&) = delete;

    Slot slot() const { return Slot(shared_); }

    /// The next letter; none when the deadline passes first.
    awaitable<std::optional<Letter>> next(Deadline deadline) {
        for (;;) {
            auto letter = take();
            if (letter) co_return letter;
            const bool arrived = co_await arrived_.wait(deadline);
            if (!arrived) co_return take();
        }
    }

  private:
    // Runs where the owner lives, so it cannot go away meanwhile.
    static void wake(Shared& shared) {
        Mailbox* owner = nullptr;
        {
            const std::lock_guard lock(shared.mutex);
            owner = shared.owner;
        }
        if (owner) owner->arrived_.notify();
    }

    std::optional<Letter> take() {
        const std::lock_guard lock(shared_->mutex);
        if (shared_->letters.empty()) return std::nullopt;
        std::optional<Letter> letter(std::move(shared_->letters.front()));
        shared_->letters.pop_front();
        return letter;
    }

    std::shared_ptr<Shared> shared_;
    Event arrived_;
};

}  // namespace outpost::plugin_host
