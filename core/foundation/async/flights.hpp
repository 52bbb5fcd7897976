// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <asio/post.hpp>

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "core/foundation/async/event.hpp"

namespace outpost {

/// Lets one coroutine do what several want at the same time: the others wait for its result.
/// Thread-safe; each resumes on its own executor. Outlives its turns.
template <class T>
class Flights {
    struct Waiting {
        explicit Waiting(const Executor& on) : executor(on), landed(on) {}
        Executor executor;
        Event landed;
    };
    struct Flight {
        std::optional<T> result;
        std::set<std::shared_ptr<Waiting>> waiting;
    };

  public:
    /// The right, and the duty, to do the work. Whoever waits goes on when it ends: with the
    /// result that `land` was given, or else one of them has the next turn.
    class Turn {
      public:
        Turn(Flights& flights, std::string key) : flights_(&flights), key_(std::move(key)) {}
        Turn(Turn&& other) noexcept
            : flights_(std::exchange(other.flights_, nullptr)), key_(std::move(other.key_)) {}
        Turn& operator=(Turn&&) = delete;
        ~Turn() { end(std::nullopt); }
        void land(T result) { end(std::optional<T>(std::move(result))); }

      private:
        void end(std::optional<T> result) {
            if (auto* flights = std::exchange(flights_, nullptr))
                flights->land(key_, std::move(result));
        }
        Flights* flights_;
        std::string key_;
    };

    /// What came of waiting: a turn, or the result of somebody else's; neither when the deadline
    /// passed first.
    struct Boarding {
        std::optional<Turn> turn;
        std::optional<T> result;
    };

    awaitable<Boarding> board(std::string key, Deadline deadline) {
        const Executor executor = co_await asio::this_coro::executor;
        for (;;) {
            const Seat seat(*this, key, executor);
            if (seat.is_first()) co_return Boarding{Turn(*this, std::move(key)), std::nullopt};
            const bool landed = co_await seat.wait(deadline);
            if (auto result = seat.result()) co_return Boarding{std::nullopt, std::move(result)};
            if (!landed) co_return Boarding{};
        }
    }

  private:
    /// One who waits. A coroutine that is destroyed meanwhile leaves, and nobody posts to its loop.
    class Seat {
      public:
        Seat(Flights& flights, const std::string& key, const Executor& executor)
            : flights_(flights) {
            const std::lock_guard lock(flights_.mutex_);
            auto& flight = flights_.flights_[key];
            if (flight == nullptr) {
                flight = std::make_shared<Flight>();
                return;
            }
            flight_ = flight;
            waiting_ = std::make_shared<Waiting>(executor);
            flight_->waiting.insert(waiting_);
        }
        Seat(const Seat&) = delete;
        Seat& operator=(const Seat&) = delete;
        ~Seat() {
            if (!waiting_) return;
            const std::lock_guard lock(flights_.mutex_);
            flight_->waiting.erase(waiting_);
        }
        bool is_first() const noexcept { return waiting_ == nullptr; }
        awaitable<bool> wait(Deadline deadline) const { return waiting_->landed.wait(deadline); }
        std::optional<T> result() const {
            const std::lock_guard lock(flights_.mutex_);
            return flight_->result;
        }

      private:
        Flights& flights_;
        std::shared_ptr<Flight> flight_;
        std::shared_ptr<Waiting> waiting_;
    };

    void land(const std::string& key, std::optional<T> result) {
        const std::lock_guard lock(mutex_);
        const auto at = flights_.find(key);
        if (at == flights_.end()) return;
        at->second->result = std::move(result);
        for (const auto& each : at->second->waiting)
            asio::post(each->executor, [each] { each->landed.notify(); });
        flights_.erase(at);
    }

    std::mutex mutex_;
    std::map<std::string, std::shared_ptr<Flight>> flights_;
};

}  // namespace outpost
