// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <vector>

#include "core/delivery/queue/limits.hpp"

namespace outpost::test {

/// The limits of several nodes in memory, first come, first served. One object is one node's view
/// of the `Shared` part. Thread-safe.
class MemoryLimitStore final : public queue::LimitStore {
  public:
    struct Shared {
        std::mutex mutex;
        std::map<MemoryLimitStore*, std::map<queue::LimitKey, std::size_t>> published;
        std::map<queue::LimitKey, std::size_t> messages;  ///< let go so far
        std::size_t nodes = 1;                            ///< that live
    };

    MemoryLimitStore() : MemoryLimitStore(std::make_shared<Shared>()) {}
    explicit MemoryLimitStore(std::shared_ptr<Shared> shared) : shared_(std::move(shared)) {}

    bool lease_is_safe() const noexcept override { return safe; }
    std::uint64_t lease_losses() const noexcept override { return losses; }

    awaitable<bool> alone() override {
        const std::lock_guard lock(shared_->mutex);
        ++calls;
        check();
        if (shared_->nodes > 1) co_return false;
        shared_->published.clear();
        co_return true;
    }
    awaitable<void> publish(std::vector<queue::SlotRequest> held) override {
        const std::lock_guard lock(shared_->mutex);
        ++calls;
        check();
        auto& mine = shared_->published[this];
        mine.clear();
        for (const auto& one : held)
            mine[one.key] = one.keep;
        co_return;
    }
    awaitable<queue::SlotAnswer> exchange(std::vector<queue::SlotRequest> requests) override {
        using queue::LimitStanding;
        const std::lock_guard lock(shared_->mutex);
        ++calls;
        check();
        if (!shared_->published.contains(this)) co_return queue::SlotAnswer{};
        if (shared_->nodes == 1) co_return queue::SlotAnswer{LimitStanding::alone, {}};
        if (shared_->published.size() < shared_->nodes)
            co_return queue::SlotAnswer{LimitStanding::waiting, {}};
        queue::SlotAnswer answer{LimitStanding::shared, {}};
        for (const auto& one : requests) {
            std::size_t taken = 0;
            for (const auto& [node, held] : shared_->published) {
                const auto found = held.find(one.key);
                if (node != this && found != held.end()) taken += found->second;
            }
            const auto free = one.limit - std::min(one.limit, taken + one.keep);
            const auto slots = one.keep + std::min(free, one.want);
            shared_->published[this][one.key] = slots;
            answer.grants.push_back({one.key, slots, std::nullopt});
        }
        co_return answer;
    }
    awaitable<std::vector<queue::MessageGrant>> let_go(std::vector<queue::MessageRequest> requests
    ) override {
        const std::lock_guard lock(shared_->mutex);
        ++calls;
        check();
        std::vector<queue::MessageGrant> grants;
        for (const auto& one : requests) {
            auto& gone = shared_->messages[one.key];
            const auto granted = std::min(one.want, one.rate.messages - gone);
            gone += granted;
            grants.push_back({one.key, granted, one.rate.per});
        }
        co_return grants;
    }

    std::atomic<bool> safe{true};
    std::atomic<std::uint64_t> losses{0};
    std::atomic<int> calls{0};
    std::atomic<bool> away{false};  ///< every call throws

  private:
    void check() const {
        if (away) throw std::runtime_error("the database is away");
    }
    std::shared_ptr<Shared> shared_;
};

}  // namespace outpost::test
