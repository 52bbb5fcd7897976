// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "core/delivery/dispatch/dispatcher.hpp"
#include "core/foundation/base/log.hpp"

// The dispatcher's other half: when the queue is looked at, and how it stops.
namespace outpost::dispatch {
namespace {

constexpr std::chrono::seconds maintenance_interval{10};
constexpr std::chrono::milliseconds longest_back_off{2'000};

}  // namespace

awaitable<void> Dispatcher::claim_loop() {
    while (!draining_) {
        if (should_look()) {
            co_await look();
        } else {
            co_await wake_.wait(Deadline(next_look_));
        }
        maintain();
    }
}

// While the database is away only the clock decides, so that nothing that happens makes us hammer
// it.
bool Dispatcher::should_look() const {
    if (SteadyClock::now() >= next_look_) return true;
    if (database_away_) return false;
    const auto enough_room = std::min(settings_.claim_batch, settings_.max_recipients) / 2 + 1;
    return notified_ || (more_due_ && budget_.room() >= enough_room);
}

awaitable<void> Dispatcher::look() {
    notified_ = false;
    std::string fault;
    try {
        co_await claim(std::min(settings_.claim_batch, budget_.room()));
    } catch (const std::exception& error) {
        fault = error.what();
    }
    if (!fault.empty()) database_failed(fault);
}

awaitable<void> Dispatcher::claim(std::size_t limit) {
    std::vector<queue::Claimed> claims;
    if (limit > 0) claims = co_await store_.claim(limit, lanes_.saturated());
    more_due_ = claims.size() == limit;
    budget_.add(claims.size());
    std::optional<WallTime> due;
    accept(std::move(claims));
    if (!more_due_ || limit == 0) due = co_await store_.next_due();
    if (database_away_) log::info("dispatch", "the database is back");
    database_away_ = false;
    failures_ = 0;
    next_look_ = SteadyClock::now() + pause_before_look(due);
    pump();
}

// What is due and was not claimed is in a crowded lane or in another node's hands: it is looked for
// again soon, but not at every completion.
Duration Dispatcher::pause_before_look(std::optional<WallTime> due) const {
    const Duration longest = settings_.poll_interval;
    if (!due) return longest;
    const Duration wait = *due - store_.now();
    if (wait <= Duration::zero()) return std::min<Duration>(longest, std::chrono::seconds(1));
    return std::min(longest, wait + std::chrono::milliseconds(5));
}

void Dispatcher::database_failed(const std::string& why) {
    if (!database_away_)
        log::error("dispatch", "the queue cannot be read, deliveries wait: {}", why);
    database_away_ = true;
    const auto back_off = std::chrono::milliseconds(250) * (1 << std::min(failures_++, 6));
    next_look_ = SteadyClock::now() + std::min(back_off, longest_back_off);
}

void Dispatcher::maintain() {
    const auto now = SteadyClock::now();
    if (now < next_maintenance_) return;
    next_maintenance_ = now + maintenance_interval;
    lanes_.sweep(now);
    wishes_.sweep(now);
    for (const auto& [name, entry] : snapshot_->transports)
        entry.transport->prune();
}

awaitable<void> Dispatcher::drain(Deadline deadline) {
    draining_ = true;
    wake_.notify();
    limit_keeper_.stop();
    letting_go_.stop();
    for (const auto& parcel : lanes_.clear())
        put_back(parcel.claims, std::nullopt);
    // A fifth of the time is kept for giving back and for the replies to dots already sent.
    const auto patience = Deadline::in(deadline.left() * 4 / 5);
    if (co_await tasks_.join(patience)) co_return;
    co_await shut_gates(deadline);
    if (!co_await tasks_.join(deadline)) {
        log::warning("dispatch", "{} deliveries did not end in time", tasks_.running());
    }
}

awaitable<void> Dispatcher::shut_gates(Deadline deadline) {
    std::vector<queue::Lease> unsent;
    for (const auto& [id, gate] : in_flight_) {
        const auto leases = gate->shut();
        unsent.insert(unsent.end(), leases.begin(), leases.end());
    }
    log::info("dispatch", "stopping: {} recipients in flight are given back", unsent.size());
    co_await recorder_.give_back(std::move(unsent), std::nullopt, deadline);
}

}  // namespace outpost::dispatch
