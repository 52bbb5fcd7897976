// SPDX-License-Identifier: Apache-2.0
#include "core/delivery/dispatch/body_budget.hpp"

#include <utility>

namespace outpost::dispatch {

mail::ContentPtr BodyBudget::keep(mail::ContentPtr content) {
    const auto size = content->size();
    {
        const std::lock_guard lock(state_->mutex);
        const bool fits = state_->kept + size <= state_->limit / 2 &&
                          state_->kept + state_->read + size <= state_->limit;
        if (!fits) return nullptr;
        state_->kept += size;
    }
    return charged(std::move(content), std::make_shared<const Share>(state_, &State::kept, size));
}

BodyBudget::SharePtr BodyBudget::reserve(std::uint64_t size) {
    return state_->queue_for(size).try_take([this, size] { return take(size); });
}

awaitable<BodyBudget::SharePtr> BodyBudget::reserve(std::uint64_t size, Deadline deadline) {
    return state_->queue_for(size).wait([this, size] { return take(size); }, deadline);
}

// The large ones first: they find room seldom, and never take the last eighth.
BodyBudget::Share::~Share() {
    {
        const std::lock_guard lock(state_->mutex);
        (*state_).*part_ -= size_;
    }
    state_->large.offer();
    state_->small.offer();
}

BodyBudget::SharePtr BodyBudget::take(std::uint64_t size) const {
    {
        const std::lock_guard lock(state_->mutex);
        const auto limit =
            size >= large_content ? state_->limit - state_->limit / 8 : state_->limit;
        const bool fits = state_->kept + state_->read + size <= limit;
        if (!fits && state_->read != 0) return nullptr;
        state_->read += size;
    }
    return std::make_shared<const Share>(state_, &State::read, size);
}

mail::ContentPtr BodyBudget::charged(mail::ContentPtr content, SharePtr share) {
    struct Both {
        mail::ContentPtr content;
        SharePtr share;
    };
    const auto* raw = content.get();
    auto both = std::make_shared<const Both>(Both{std::move(content), std::move(share)});
    return {std::move(both), raw};
}

std::uint64_t BodyBudget::used() const {
    const std::lock_guard lock(state_->mutex);
    return state_->kept + state_->read;
}

}  // namespace outpost::dispatch
