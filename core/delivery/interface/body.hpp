// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <memory>
#include <utility>

#include "core/foundation/async/awaitable.hpp"
#include "core/mail/message/content.hpp"

namespace outpost::delivery {

/// Where a body comes from that is not sure to be in memory.
class BodySource {
  public:
    virtual ~BodySource() = default;
    /// The content, once there is room for it in memory; to be let go as soon as it has been sent.
    /// Null: it cannot be had now, and the attempt is over. Never throws.
    virtual awaitable<mail::ContentPtr> get() = 0;
};

/// What a message consists of, header section and body, wherever it is just now. Cheap to copy.
class BodyHandle {
  public:
    BodyHandle() = default;
    /// In memory for as long as the handle is.
    BodyHandle(mail::ContentPtr content) : size_(content ? content->size() : 0), held_(content) {}
    /// Stored elsewhere: `size` octets, of which `held` may be the header section alone.
    explicit BodyHandle(std::uint64_t size, mail::ContentPtr held = nullptr)
        : size_(size), held_(std::move(held)) {}
    BodyHandle(std::uint64_t size, std::shared_ptr<BodySource> source)
        : size_(size), source_(std::move(source)) {}

    /// Octets of the whole, as RFC 1870 counts them.
    std::uint64_t size() const noexcept { return size_; }
    /// The content where it is in memory anyway; null: it has to be asked for.
    const mail::ContentPtr& held() const noexcept { return held_; }
    /// The content, read if need be; null when it cannot be had now. Only transports that say so
    /// with Transport::reads_content_late need to ask: for all others it is held.
    awaitable<mail::ContentPtr> get() const {
        return held_ || !source_ ? at_hand(held_) : source_->get();
    }

  private:
    static awaitable<mail::ContentPtr> at_hand(mail::ContentPtr content) { co_return content; }

    std::uint64_t size_ = 0;
    mail::ContentPtr held_;
    std::shared_ptr<BodySource> source_;
};

}  // namespace outpost::delivery
