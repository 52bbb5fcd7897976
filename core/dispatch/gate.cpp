// SPDX-License-Identifier: Apache-2.0
#include "core/dispatch/gate.hpp"

#include <exception>
#include <utility>

#include "core/base/log.hpp"
#include "core/dispatch/parcel.hpp"

namespace outpost::dispatch {

Gate::Gate(
    queue::QueueStore& store, const std::vector<queue::Claimed>& claims, std::string on_uncertain
)
    : store_(store), all_(leases_of(claims)), on_uncertain_(std::move(on_uncertain)) {
    for (const auto& claim : claims)
        leases_.emplace(claim.recipient.number, queue::Lease{claim.key, claim.token});
}

void Gate::reached(delivery::Stage stage) noexcept {
    store_.progress(all_, stage);
}

// The database must say yes: when it is away nothing is sent, for nobody could know of it
// afterwards.
awaitable<bool> Gate::may_finish(std::span<const std::int32_t> recipients) {
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
std::vector<queue::Lease> Gate::enter(std::span<const std::int32_t> recipients) {
    const std::lock_guard lock(mutex_);
    std::vector<queue::Lease> leases;
    for (const auto number : recipients) {
        const auto found = leases_.find(number);
        if (found != leases_.end() && !shut_) leases.push_back(found->second);
    }
    const bool complete = leases.size() == recipients.size();
    (complete ? passed_ : refused_).insert(recipients.begin(), recipients.end());
    if (!complete) leases.clear();
    return leases;
}

void Gate::leave(std::span<const std::int32_t> recipients) {
    const std::lock_guard lock(mutex_);
    for (const auto number : recipients)
        passed_.erase(number);
    refused_.insert(recipients.begin(), recipients.end());
}

std::vector<queue::Lease> Gate::shut() {
    const std::lock_guard lock(mutex_);
    shut_ = true;
    std::vector<queue::Lease> unsent;
    for (const auto& [number, lease] : leases_) {
        if (!passed_.contains(number)) unsent.push_back(lease);
    }
    return unsent;
}

bool Gate::refused(std::int32_t recipient) const {
    const std::lock_guard lock(mutex_);
    return refused_.contains(recipient);
}

bool Gate::is_shut() const {
    const std::lock_guard lock(mutex_);
    return shut_;
}

}  // namespace outpost::dispatch
