// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <memory>
#include <mutex>

#include "core/foundation/async/wait_queue.hpp"
#include "core/mail/message/content.hpp"

namespace outpost::dispatch {

/// The budget of message bodies held for delivery. Thread-safe; a share of it is taken until the
/// last user of the content is gone, wherever that is.
///
/// At most half of it goes to content that only waits for its delivery, so that there is room for
/// what is read from the database when its turn has come. What is read and large leaves an eighth
/// to the small, so that slow transfers of large messages hold up no others. Large and small wait
/// apart, each in order.
class BodyBudget {
  public:
    static constexpr std::uint64_t large_content = 1 << 20;

    /// A part of the budget, given back at the end.
    class Share;
    using SharePtr = std::shared_ptr<const Share>;

    explicit BodyBudget(std::uint64_t limit) : state_(std::make_shared<State>(limit)) {}

    /// For content whose delivery waits: the same content, charged; null when there is no room.
    mail::ContentPtr keep(mail::ContentPtr content);
    /// Room for content that is to be read; null when there is none now, or others wait for it. One
    /// message always has room, however big it is.
    SharePtr reserve(std::uint64_t size);
    /// The same, once there is room; null when the deadline passed first.
    awaitable<SharePtr> reserve(std::uint64_t size, Deadline deadline);
    /// The same content, which holds the share.
    static mail::ContentPtr charged(mail::ContentPtr content, SharePtr share);

    std::uint64_t used() const;

  private:
    struct State {
        explicit State(std::uint64_t most) : limit(most) {}
        WaitQueue<SharePtr>& queue_for(std::uint64_t size) {
            return size >= large_content ? large : small;
        }

        const std::uint64_t limit;
        std::mutex mutex;
        std::uint64_t kept = 0, read = 0;
        WaitQueue<SharePtr> large, small;
    };
    SharePtr take(std::uint64_t size) const;

    std::shared_ptr<State> state_;
};

class BodyBudget::Share {
  public:
    Share(std::shared_ptr<State> state, std::uint64_t State::* part, std::uint64_t size)
        : state_(std::move(state)), part_(part), size_(size) {}
    Share(const Share&) = delete;
    Share& operator=(const Share&) = delete;
    ~Share();

  private:
    std::shared_ptr<State> state_;
    std::uint64_t State::* part_;
    std::uint64_t size_;
};

}  // namespace outpost::dispatch
