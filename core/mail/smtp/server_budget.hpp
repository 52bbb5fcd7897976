// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>

namespace outpost::smtp {

/// Octets of message content that all sessions together may hold in memory before it is queued. An
/// eighth of it is reserved for small messages, so that large ones never keep them out.
/// Thread-safe.
class MemoryBudget {
  public:
    explicit MemoryBudget(std::uint64_t limit) : limit_(limit) {}

    /// Takes `octets` more for a message that then has `whole`.
    bool take(std::uint64_t octets, std::uint64_t whole) noexcept {
        constexpr std::uint64_t large = 1 << 20;
        const auto limit = whole > large ? limit_ - limit_ / 8 : limit_;
        if (used_.fetch_add(octets) + octets <= limit) return true;
        used_.fetch_sub(octets);
        return false;
    }
    void give_back(std::uint64_t octets) noexcept { used_.fetch_sub(octets); }
    std::uint64_t used() const noexcept { return used_; }

  private:
    const std::uint64_t limit_;
    std::atomic<std::uint64_t> used_{0};
};

/// One message's part of the budget, given back at the end.
class Reservation {
  public:
    explicit Reservation(std::shared_ptr<MemoryBudget> budget) : budget_(std::move(budget)) {}
    Reservation(const Reservation&) = delete;
    Reservation& operator=(const Reservation&) = delete;
    ~Reservation() { budget_->give_back(held_); }

    /// False: there is not enough left; what was held stays held.
    bool grow_to(std::uint64_t octets) noexcept {
        if (octets <= held_) return true;
        if (!budget_->take(octets - held_, octets)) return false;
        held_ = octets;
        return true;
    }

  private:
    std::shared_ptr<MemoryBudget> budget_;
    std::uint64_t held_ = 0;
};

}  // namespace outpost::smtp
