// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "core/foundation/async/wakeup.hpp"

namespace outpost {

/// Lets one coroutine do what several want at the same time: the others wait for its result.
/// Thread-safe; each resumes on its own executor. Outlives its turns.
template <class T>
class SingleFlight {
    struct Flight {
        std::optional<T> result;
        std::set<std::shared_ptr<Wakeup>> waiting;
    };

  public:
    /// The right, and the duty, to do the work. Whoever waits goes on when it ends: with the result
    /// that `finish` was given, or else one of them has the next turn.
    class Turn {
      public:
        Turn(SingleFlight& owner, std::string key) : owner_(&owner), key_(std::move(key)) {}
        Turn(Turn&& other) noexcept
            : owner_(std::exchange(other.owner_, nullptr)), key_(std::move(other.key_)) {}
        Turn& operator=(Turn&&) = delete;
        ~Turn() { end(std::nullopt); }
        void finish(T result) { end(std::optional<T>(std::move(result))); }

      private:
        void end(std::optional<T> result) {
            if (auto* owner = std::exchange(owner_, nullptr))
                owner->finish(key_, std::move(result));
        }
        SingleFlight* owner_;
        std::string key_;
    };

    /// What came of joining: a turn, or the result of another's; neither when the deadline passed
    /// first.
    struct Joined {
        std::optional<Turn> turn;
        std::optional<T> result;
    };

    awaitable<Joined> join(std::string key, Deadline deadline) {
        const Executor executor = co_await asio::this_coro::executor;
        for (;;) {
            const Follower follower(*this, key, executor);
            if (follower.leads()) co_return Joined{Turn(*this, std::move(key)), std::nullopt};
            const bool finished = co_await follower.wait(deadline);
            if (auto result = follower.result()) co_return Joined{std::nullopt, std::move(result)};
            if (!finished) co_return Joined{};
        }
    }

  private:
    /// One that wants the result. If its coroutine is destroyed while it waits, it leaves, and
    /// nobody posts to its loop.
    class Follower {
      public:
        Follower(SingleFlight& owner, const std::string& key, const Executor& executor)
            : owner_(owner) {
            const std::lock_guard lock(owner_.mutex_);
            auto& flight = owner_.flights_[key];
            if (flight == nullptr) {
                flight = std::make_shared<Flight>();
                return;
            }
            flight_ = flight;
            wakeup_ = std::make_shared<Wakeup>(executor);
            flight_->waiting.insert(wakeup_);
        }
        Follower(const Follower&) = delete;
        Follower& operator=(const Follower&) = delete;
        ~Follower() {
            if (!wakeup_) return;
            const std::lock_guard lock(owner_.mutex_);
            flight_->waiting.erase(wakeup_);
        }
        bool leads() const noexcept { return wakeup_ == nullptr; }
        awaitable<bool> wait(Deadline deadline) const { return wakeup_->wait(deadline); }
        std::optional<T> result() const {
            const std::lock_guard lock(owner_.mutex_);
            return flight_->result;
        }

      private:
        SingleFlight& owner_;
        std::shared_ptr<Flight> flight_;
        std::shared_ptr<Wakeup> wakeup_;
    };

    void finish(const std::string& key, std::optional<T> result) {
        const std::lock_guard lock(mutex_);
        const auto at = flights_.find(key);
        if (at == flights_.end()) return;
        at->second->result = std::move(result);
        for (const auto& each : at->second->waiting)
            each->notify();
        flights_.erase(at);
    }

    std::mutex mutex_;
    std::map<std::string, std::shared_ptr<Flight>> flights_;
};

}  // namespace outpost
