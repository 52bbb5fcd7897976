// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/delivery/queue/records.hpp"
#include "core/foundation/async/awaitable.hpp"
#include "core/mail/authentication/dkim/signer.hpp"

namespace outpost::queue {

struct Lease {
    RecipientKey key;
    LeaseToken token{};
};

/// Takes freshly accepted work straight from memory, already leased to this node, so that it need
/// not be read back from the database. Called on any thread.
class FreshWorkTaker {
  public:
    virtual ~FreshWorkTaker() = default;
    /// Whether there is room for `recipients` more; room is reserved until `take` or `cancel`.
    virtual bool reserve(std::size_t recipients) noexcept = 0;
    virtual void cancel(std::size_t recipients) noexcept = 0;
    /// `message` has its content; the claims carry it as their envelope.
    virtual void take(std::vector<Claimed> claims) noexcept = 0;
};

/// The queue in PostgreSQL, as this node sees it. Thread-safe; coroutines resume on their executor.
/// All calls throw db::Unavailable when the database cannot be reached within the configured time,
/// and db::Error for anything else it refuses.
class QueueStore {
  public:
    virtual ~QueueStore() = default;

    /// The time of day in which all times of the queue are told: the database's, the same on all
    /// nodes, whatever their own clocks say.
    virtual WallTime now() const noexcept = 0;

    /// An unused id, from a block reserved in the database.
    virtual awaitable<MessageId> new_id() = 0;
    /// Makes the message durable: when this returns, it is committed (many messages a COMMIT).
    /// When a COMMIT's answer was lost, looks the id up before it decides.
    virtual awaitable<Enqueued> enqueue(NewMessage message) = 0;

    /// Leases up to `limit` due recipients, oldest first, leaving out `saturated` recipient
    /// domains. Attempts are counted here, so that a crash cannot lose one.
    virtual awaitable<std::vector<Claimed>> claim(
        std::size_t limit, std::vector<std::string> saturated
    ) = 0;
    /// The message with its content; null when it is gone, or damaged: then what this node leases
    /// of it is held.
    virtual awaitable<std::shared_ptr<const delivery::Message>> load(MessageId id) = 0;
    /// The same; a message that is to be signed is signed first, once for all nodes, and has a new
    /// size. When that cannot be done, throws std::runtime_error, and it is still to be signed.
    virtual awaitable<std::shared_ptr<const delivery::Message>> load_signed(
        MessageId id, std::shared_ptr<const dkim::Signer> signer
    ) = 0;
    /// The message with no more of its content than the header section; null when it is gone.
    virtual awaitable<std::shared_ptr<const delivery::Message>> load_header(MessageId id) = 0;

    /// Notes how far a delivery is (best effort, coalesced, never waits).
    virtual void progress(const std::vector<Lease>& leases, delivery::Stage stage) noexcept = 0;
    /// Writes durably that an attempt begins: for recipients whose node died last time, so that
    /// this attempt cannot end that way unnoticed.
    virtual awaitable<void> note_begun(std::vector<Lease> leases) = 0;
    /// Whether the final dot may be sent: false when this node's lease is about to run out by its
    /// monotonic clock, or a lease is known to be lost. `on_uncertain` says what shall become of
    /// the recipients should we die before the reply is recorded: "hold" and "assume_delivered" are
    /// written to the database first; "resend" needs no note, and is answered from memory.
    virtual awaitable<bool> final_dot(std::vector<Lease> leases, std::string on_uncertain) = 0;
    /// Records outcomes (many a COMMIT). A lease that was lost is fenced: its outcome is kept as an
    /// attempt row marked late, and changes nothing else, unless the recipient is still waiting as
    /// uncertain from that very lease. Returns for each whether it was recorded.
    virtual awaitable<std::vector<bool>> settle(std::vector<Settled> outcomes) = 0;
    /// Gives leases back untried: due at once (or at `next`), attempt not counted.
    virtual awaitable<void> give_back(std::vector<Lease> leases, std::optional<WallTime> next) = 0;

    /// How many recipients an account has had queued in this last span of time, by all nodes and
    /// SQL.
    virtual awaitable<std::uint64_t> recipients_within(
        std::string account, std::chrono::seconds span
    ) = 0;
    /// When the earliest waiting recipient is due; none when nothing waits.
    virtual awaitable<std::optional<WallTime>> next_due() = 0;
};

}  // namespace outpost::queue
