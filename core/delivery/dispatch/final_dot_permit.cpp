// SPDX-License-Identifier: Apache-2.0
#include "core/delivery/dispatch/final_dot_permit.hpp"

#include <algorithm>
#include <exception>
#include <utility>

#include "core/delivery/dispatch/delivery_request.hpp"
#include "core/foundation/base/log.hpp"

namespace outpost::dispatch {
namespace {

std::vector<queue::Lease> by_number(std::vector<queue::Lease> leases) {
    std::sort(leases.begin(), leases.end(), [](const queue::Lease& a, const queue::Lease& b) {
        return a.key.number < b.key.number;
    });
    return leases;
}

}  // namespace

FinalDotPermit::FinalDotPermit(
    queue::QueueStore& store, const std::vector<queue::Claimed>& claims, std::string on_uncertain
)
    : store_(store),
      leases_(by_number(leases_of(claims))),
      on_uncertain_(std::move(on_uncertain)),
      places_(leases_.size(), Place::before) {}

void FinalDotPermit::reached(delivery::Stage stage) noexcept {
    store_.progress(leases_, stage);
}

// The database must say yes. While it is away nothing is sent, since no one could know of it
// afterwards.
awaitable<bool> FinalDotPermit::may_finish(std::span<const std::int32_t> recipients) {
    const std::vector<std::int32_t> numbers(recipients.begin(), recipients.end());
    auto leases = enter(numbers);
    if (leases.empty()) co_return false;
    bool allowed = false;
    try {
        allowed = co_await store_.final_dot(std::move(leases), on_uncertain_);
    } catch (const std::exception& error) {
        log::warning("dispatch", "no final dot without the database: {}", error.what());
    }
    if (!allowed) leave(numbers);
    co_return allowed;
}

// Entered before the database is asked: a shutdown in between must take the dot as sent.
std::vector<queue::Lease> FinalDotPermit::enter(std::span<const std::int32_t> recipients) {
    const std::lock_guard lock(mutex_);
    std::vector<queue::Lease> leases;
    for (const auto number : recipients) {
        const auto found = find(number);
        if (found && !shut_) leases.push_back(leases_[*found]);
    }
    const bool complete = leases.size() == recipients.size();
    put(recipients, complete ? Place::passed : Place::refused);
    if (!complete) leases.clear();
    return leases;
}

void FinalDotPermit::leave(std::span<const std::int32_t> recipients) {
    const std::lock_guard lock(mutex_);
    put(recipients, Place::refused);
}

std::optional<std::size_t> FinalDotPermit::find(std::int32_t recipient) const {
    const auto found = std::lower_bound(
        leases_.begin(), leases_.end(), recipient,
        [](const queue::Lease& lease, std::int32_t number) { return lease.key.number < number; }
    );
    if (found == leases_.end() || found->key.number != recipient) return std::nullopt;
    return static_cast<std::size_t>(found - leases_.begin());
}

void FinalDotPermit::put(std::span<const std::int32_t> recipients, Place place) {
    for (const auto number : recipients) {
        if (const auto found = find(number)) places_[*found] = place;
    }
}

std::vector<queue::Lease> FinalDotPermit::shut() {
    const std::lock_guard lock(mutex_);
    shut_ = true;
    std::vector<queue::Lease> unsent;
    for (std::size_t i = 0; i < leases_.size(); ++i) {
        if (places_[i] != Place::passed) unsent.push_back(leases_[i]);
    }
    return unsent;
}

bool FinalDotPermit::refused(std::int32_t recipient) const {
    const std::lock_guard lock(mutex_);
    const auto found = find(recipient);
    return found && places_[*found] == Place::refused;
}

bool FinalDotPermit::is_shut() const {
    const std::lock_guard lock(mutex_);
    return shut_;
}

}  // namespace outpost::dispatch
