// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <atomic>
#include <chrono>
#include <exception>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/delivery/queue/store.hpp"

namespace outpost::test {

/// A QueueStore in memory, with the real one's rules: leases are fenced by tokens, attempts count
/// when claimed, an idempotency key returns the first message, and those of source "sql" are to be
/// signed. Thread-safe.
class MemoryQueueStore : public queue::QueueStore {
  public:
    /// One recipient, as a test sees it.
    struct Row {
        RecipientKey key;
        delivery::Recipient recipient;
        queue::RecipientState state = queue::RecipientState::queued;
        LeaseToken token{};  ///< of the newest lease
        int attempts = 0;
        WallTime next_attempt{};
        WallTime leased_until{};
        delivery::Stage stage = delivery::Stage::route;
        bool dot_sent = false;  ///< final_dot was recorded in the present lease
        std::string on_uncertain;
        bool uncertain = false;
        LeaseToken uncertain_token{};
        delivery::ErrorKind last_error = delivery::ErrorKind::none;
        std::string last_status;
        std::string transport_override;
        std::string hold_reason;
        bool warned = false;
        int crashes = 0;
        bool interrupted = false;
        bool noted_begun = false;  ///< by note_begun, in the present lease
    };

    WallTime now() const noexcept override;
    awaitable<MessageId> new_id() override;
    awaitable<queue::Enqueued> enqueue(queue::NewMessage message) override;
    awaitable<std::vector<queue::Claimed>> claim(
        std::size_t limit, std::vector<std::string> saturated
    ) override;
    awaitable<std::shared_ptr<const delivery::Message>> load(MessageId id) override;
    awaitable<std::shared_ptr<const delivery::Message>> load_signed(
        MessageId id, std::shared_ptr<const dkim::Signer> signer
    ) override;
    awaitable<std::shared_ptr<const delivery::Message>> load_header(MessageId id) override;
    void progress(const std::vector<queue::Lease>& leases, delivery::Stage stage) noexcept override;
    awaitable<void> note_begun(std::vector<queue::Lease> leases) override;
    awaitable<bool> final_dot(std::vector<queue::Lease> leases, std::string on_uncertain) override;
    awaitable<std::vector<bool>> settle(std::vector<queue::Settled> outcomes) override;
    awaitable<void> give_back(std::vector<queue::Lease> leases, std::optional<WallTime> next)
        override;
    awaitable<std::uint64_t> recipients_within(std::string account, std::chrono::seconds span)
        override;
    awaitable<std::optional<WallTime>> next_due() override;

    /// Every call throws this until it is set to null: the database is away.
    void fail_with(std::exception_ptr error);
    /// What the store takes for the time of day.
    void set_clock(std::function<WallTime()> now);
    void set_lease_time(std::chrono::seconds span);
    /// Fresh work goes to the taker at once, leased, as in the real store. Null: it waits.
    void set_taker(queue::FreshWorkTaker* taker);
    /// As if all leases had run out: recipients come free, or uncertain if their dot was sent.
    void expire_leases();

    std::vector<queue::NewMessage> messages() const;
    std::vector<Row> rows() const;
    Row row(RecipientKey key) const;
    /// Lets a test change a row as an operator or another node would.
    void edit(RecipientKey key, const std::function<void(Row&)>& change);
    /// Everything given to settle, and whether it was recorded.
    std::vector<std::pair<queue::Settled, bool>> settled() const;
    /// How often content was read, headers included.
    std::size_t loads() const noexcept { return loads_; }

  private:
    void check_available() const;
    WallTime clock() const { return now_ ? now_() : WallClock::now(); }
    bool due(const Row& row, const std::vector<std::string>& saturated) const;
    bool holds(const queue::Lease& lease) const;
    queue::Claimed lease(Row& row);
    void expire(Row& row);
    bool record(const queue::Settled& outcome);

    std::atomic<std::size_t> loads_{0};
    mutable std::mutex mutex_;
    std::exception_ptr failure_;
    std::function<WallTime()> now_;
    std::chrono::seconds lease_time_{300};
    queue::FreshWorkTaker* taker_ = nullptr;
    std::int64_t next_id_ = 1, next_token_ = 1;
    std::vector<queue::NewMessage> messages_;
    std::map<std::int64_t, std::shared_ptr<const delivery::Message>> stored_;
    std::set<std::int64_t> unsigned_;
    std::map<std::pair<std::string, std::string>, MessageId> by_idempotency_key_;
    std::map<RecipientKey, Row> rows_;
    std::vector<std::pair<queue::Settled, bool>> settled_;
};

}  // namespace outpost::test
