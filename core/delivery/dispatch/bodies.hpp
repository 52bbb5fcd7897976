// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <atomic>
#include <chrono>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "core/delivery/dispatch/body_budget.hpp"
#include "core/delivery/queue/store.hpp"
#include "core/foundation/base/result.hpp"

namespace outpost::dispatch {

using MessagePtr = std::shared_ptr<const delivery::Message>;

/// The body of a message under delivery, for transports that ask for it when they send it: what is
/// still in memory, or read again from the queue within the budget. Thread-safe but for `get`,
/// which is the attempt's.
class LateBody final : public delivery::BodySource {
  public:
    LateBody(queue::QueueStore& store, BodyBudget& budget, const delivery::Message& message)
        : store_(store),
          budget_(budget),
          id_(message.id),
          size_(message.body.size()),
          held_(message.body.held()) {}

    awaitable<mail::ContentPtr> get() override;
    void let_go();
    /// It was asked for and could not be had: the attempt failed through no fault of the
    /// recipients.
    bool failed() const noexcept { return failed_; }
    /// Of a body that was read or is held: whether it is a TLS report.
    std::optional<bool> is_tls_report() const;

  private:
    awaitable<mail::ContentPtr> load();
    mail::ContentPtr held() const;

    queue::QueueStore& store_;
    BodyBudget& budget_;
    const MessageId id_;
    const std::uint64_t size_;
    mutable std::mutex mutex_;
    mail::ContentPtr held_;
    bool failed_ = false;
    std::optional<bool> is_tls_report_;
};

/// The bodies of the messages that this node delivers, which are in memory only as far as one
/// budget goes:
///
/// - A fresh one stays in memory while its delivery waits, if there is room (`keep`).
/// - Where a transport asks for it late, it is let go a second after the delivery began
///   (`begin_late`). Most messages are out by then; without this, thousands of servers that answer
///   slowly would each keep one in memory.
/// - For transports that cannot ask it is read before the attempt (`read`), and stays until its
///   end.
///
/// Thread-safe.
class Bodies {
  public:
    /// For so long a delivery that has begun keeps its body in memory.
    static constexpr std::chrono::milliseconds quick{1'000};

    Bodies(queue::QueueStore& store, std::uint64_t limit) : store_(store), budget_(limit) {}

    /// The message with its body charged to the budget; over the budget without.
    MessagePtr keep(MessagePtr message);
    /// The same message for a delivery that begins: from here on its body may be let go at any
    /// time. Whoever holds the message otherwise has to forget it.
    std::pair<MessagePtr, std::shared_ptr<LateBody>> begin_late(
        const MessagePtr& message, SteadyTime now
    );
    /// The message with its body, read when there is room for it; signed first where there is a
    /// signer.
    enum class Missing { no_room, gone };
    awaitable<Result<MessagePtr, Missing>> read(
        MessagePtr message, std::shared_ptr<const dkim::Signer> signer
    );
    /// Lets go of what has been under delivery since then or longer.
    void let_go(SteadyTime since);

    /// Octets in memory.
    std::uint64_t used() const { return budget_.used(); }

  private:
    queue::QueueStore& store_;
    BodyBudget budget_;
    std::mutex mutex_;
    std::deque<std::pair<SteadyTime, std::weak_ptr<LateBody>>> begun_;  ///< oldest first
};

}  // namespace outpost::dispatch
