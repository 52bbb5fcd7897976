// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <atomic>
#include <cstdint>
#include <memory>

#include "core/mail/content.hpp"

namespace outpost::dispatch {

/// The budget of message content held for delivery. Thread-safe; a charge ends with the last user
/// of the content, wherever that is.
class ContentMemory {
  public:
    explicit ContentMemory(std::uint64_t limit) : state_(std::make_shared<State>(limit)) {}

    /// The same content, charged; null when there is no room. One message always has room, however
    /// big it is.
    mail::ContentPtr charge(mail::ContentPtr content) {
        const auto size = content->size();
        auto used = state_->used.load();
        do {
            if (used != 0 && used + size > state_->limit) return nullptr;
        } while (!state_->used.compare_exchange_weak(used, used + size));
        const auto* raw = content.get();
        return {raw, [content = std::move(content), state = state_, size](const mail::Content*) {
                    state->used -= size;
                }};
    }
    /// Whether `size` octets would have room now.
    bool has_room(std::uint64_t size) const noexcept {
        const auto used = state_->used.load();
        return used == 0 || used + size <= state_->limit;
    }
    std::uint64_t used() const noexcept { return state_->used; }

  private:
    struct State {
        explicit State(std::uint64_t most) : limit(most) {}
        const std::uint64_t limit;
        std::atomic<std::uint64_t> used{0};
    };
    std::shared_ptr<State> state_;
};

}  // namespace outpost::dispatch
