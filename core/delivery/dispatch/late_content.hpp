// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>

#include "core/delivery/dispatch/content_memory.hpp"
#include "core/delivery/dispatch/parcel.hpp"
#include "core/delivery/queue/store.hpp"

namespace outpost::dispatch {

/// Whether the content of this parcel's message may be read when it is about to be sent. Otherwise
/// it must be there before an attempt begins: other transports expect it in the message, a UTF-8
/// header decides what is said before, and for a large one to find room in memory may take longer
/// than a server would wait for it.
bool may_read_late(const Parcel& parcel);

/// Waits for room for so much content; null when none came in time.
awaitable<ContentMemory::SharePtr> wait_for_room(ContentMemory& memory, std::uint64_t size);

/// The content when a transport asks for it: what is still held in memory, or read from the queue
/// within the budget.
class LateContent final : public delivery::ContentSource {
  public:
    LateContent(
        queue::QueueStore& store, ContentMemory& memory,
        std::shared_ptr<const delivery::Message> message, HeldContentPtr held
    )
        : store_(store), memory_(memory), message_(std::move(message)), held_(std::move(held)) {}

    awaitable<mail::ContentPtr> read() override;
    /// It was asked for and could not be had: the attempt failed through no fault of the
    /// recipients.
    bool failed() const noexcept { return failed_; }
    /// Of content that was read or is held: whether it is a TLS report.
    std::optional<bool> is_tls_report() const;

  private:
    awaitable<mail::ContentPtr> load();
    mail::ContentPtr held() const { return held_ ? held_->get() : nullptr; }

    queue::QueueStore& store_;
    ContentMemory& memory_;
    std::shared_ptr<const delivery::Message> message_;
    const HeldContentPtr held_;  ///< null: nothing was handed over
    bool failed_ = false;
    std::optional<bool> is_tls_report_;
};

}  // namespace outpost::dispatch
