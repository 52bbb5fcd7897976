// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <atomic>
#include <memory>

#include "core/delivery/queue/doubts.hpp"
#include "core/delivery/queue/insert.hpp"
#include "core/delivery/queue/leases.hpp"
#include "core/delivery/queue/message_ids.hpp"
#include "core/delivery/queue/node.hpp"
#include "core/delivery/queue/stages.hpp"
#include "core/delivery/queue/store.hpp"
#include "core/foundation/database/group_commit.hpp"

namespace outpost::queue {

/// The queue in PostgreSQL. Acceptances and outcomes are written in groups, many messages a COMMIT.
class PgStore final : public QueueStore {
  public:
    /// Pool and node must outlive the store, and the store what runs on the pool.
    PgStore(db::Pool& pool, Node& node);

    /// Whom fresh work is offered to; null: nobody, everything goes through the database.
    void set_fresh_work_taker(FreshWorkTaker* taker) noexcept { taker_ = taker; }
    Stages& stages() noexcept { return stages_; }

    WallTime now() const noexcept override { return node_.now(); }
    awaitable<MessageId> new_id() override;
    awaitable<Enqueued> enqueue(NewMessage message) override;
    awaitable<std::vector<Claimed>> claim(std::size_t limit, std::vector<std::string> saturated)
        override;
    awaitable<std::shared_ptr<const delivery::Message>> load(MessageId id) override;
    awaitable<std::shared_ptr<const delivery::Message>> load_signed(
        MessageId id, std::shared_ptr<const dkim::Signer> signer
    ) override;
    awaitable<std::shared_ptr<const delivery::Message>> load_header(MessageId id) override;
    void progress(const std::vector<Lease>& leases, delivery::Stage stage) noexcept override;
    awaitable<void> note_begun(std::vector<Lease> leases) override;
    awaitable<bool> final_dot(std::vector<Lease> leases, std::string on_uncertain) override;
    awaitable<std::vector<bool>> settle(std::vector<Settled> outcomes) override;
    awaitable<void> give_back(std::vector<Lease> leases, std::optional<WallTime> next) override;
    awaitable<std::uint64_t> recipients_within(std::string account, std::chrono::seconds span)
        override;
    awaitable<std::optional<WallTime>> next_due() override;

  private:
    using Outcomes = std::vector<Settled>;
    awaitable<Inserted> insert(Insertion insertion);

    db::Pool& pool_;
    Node& node_;
    std::atomic<FreshWorkTaker*> taker_{nullptr};
    Doubts doubts_;
    MessageIds ids_;
    Stages stages_;
    db::GroupCommit<Insertion, Inserted> insertions_;
    db::GroupCommit<Outcomes, std::vector<bool>> settlements_;
    db::GroupCommit<GivenBack, bool> returns_;
};

}  // namespace outpost::queue
