// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <atomic>

#include "core/delivery/queue/limits.hpp"
#include "core/delivery/queue/node.hpp"
#include "core/foundation/database/pool.hpp"

namespace outpost::queue {

/// The limits in PostgreSQL (schema/steps/0102_limits.sql). Pool and node must outlive it.
class PgLimits final : public LimitStore {
  public:
    PgLimits(db::Pool& pool, Node& node) : pool_(pool), node_(node) {}

    bool lease_is_safe() const noexcept override { return node_.lease_is_safe(); }
    std::uint64_t lease_losses() const noexcept override { return node_.lease_losses(); }
    awaitable<bool> alone() override;
    awaitable<void> publish(std::vector<SlotRequest> held) override;
    awaitable<SlotAnswer> exchange(std::vector<SlotRequest> requests) override;
    awaitable<std::vector<MessageGrant>> let_go(std::vector<MessageRequest> requests) override;

  private:
    db::Pool& pool_;
    Node& node_;
    std::atomic<std::int64_t> round_{0};
};

}  // namespace outpost::queue
