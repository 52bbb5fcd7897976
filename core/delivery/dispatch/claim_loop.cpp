// SPDX-License-Identifier: Apache-2.0
#include "core/delivery/dispatch/claim_loop.hpp"

#include <algorithm>
#include <utility>

#include "core/foundation/base/log.hpp"

// When the queue is looked at:
//
// - NOTIFY said that something is due, or the time has come that the last look named: the earliest
//   due recipient, or the poll interval, which covers lost notifications.
// - The last look did not take all that was due, and there is room again for half a batch.
// - While the database is away only the clock decides, so that nothing that happens makes us hammer
//   it.
//
// What is claimed goes to the router. Destinations whose queues are half full are left out.
namespace outpost::dispatch {
namespace {

constexpr std::chrono::seconds maintenance_interval{10};
constexpr std::chrono::milliseconds longest_back_off{2'000};

}  // namespace

void ClaimLoop::wake() {
    notified_ = true;
    event_.notify();
}

void ClaimLoop::room_made() {
    if (more_due_) event_.notify();
}

awaitable<void> ClaimLoop::run() {
    while (!shared_.draining) {
        if (should_look()) {
            co_await look();
        } else {
            co_await event_.wait(Deadline(next_look_));
        }
        maintain();
    }
}

bool ClaimLoop::should_look() const {
    if (SteadyClock::now() >= next_look_) return true;
    if (shared_.database_away) return false;
    const auto& settings = shared_.settings;
    const auto enough_room = std::min(settings.claim_batch, settings.max_recipients) / 2 + 1;
    return notified_ || (more_due_ && shared_.budget.room() >= enough_room);
}

awaitable<void> ClaimLoop::look() {
    notified_ = false;
    std::string fault;
    try {
        co_await claim(std::min(shared_.settings.claim_batch, shared_.budget.room()));
    } catch (const std::exception& error) {
        fault = error.what();
    }
    if (!fault.empty()) database_failed(fault);
}

awaitable<void> ClaimLoop::claim(std::size_t limit) {
    std::vector<queue::Claimed> claims;
    if (limit > 0) claims = co_await shared_.store.claim(limit, runner_.saturated());
    more_due_ = claims.size() == limit;
    shared_.budget.add(claims.size());
    std::optional<WallTime> due;
    router_.accept(std::move(claims));
    if (!more_due_ || limit == 0) due = co_await shared_.store.next_due();
    if (shared_.database_away) log::info("dispatch", "the database is back");
    shared_.database_away = false;
    failures_ = 0;
    next_look_ = SteadyClock::now() + pause_before_look(due);
    runner_.pump();
}

// What is due and was not claimed is in a crowded queue or in another node's hands: it is looked
// for again soon, but not at every completion.
Duration ClaimLoop::pause_before_look(std::optional<WallTime> due) const {
    const Duration longest = shared_.settings.poll_interval;
    if (!due) return longest;
    const Duration wait = *due - shared_.store.now();
    if (wait <= Duration::zero()) return std::min<Duration>(longest, std::chrono::seconds(1));
    return std::min(longest, wait + std::chrono::milliseconds(5));
}

void ClaimLoop::database_failed(const std::string& why) {
    if (!shared_.database_away)
        log::error("dispatch", "the queue cannot be read, deliveries wait: {}", why);
    shared_.database_away = true;
    const auto back_off = std::chrono::milliseconds(250) * (1 << std::min(failures_++, 6));
    next_look_ = SteadyClock::now() + std::min(back_off, longest_back_off);
}

void ClaimLoop::maintain() {
    const auto now = SteadyClock::now();
    if (now < next_maintenance_) return;
    next_maintenance_ = now + maintenance_interval;
    runner_.sweep(now);
    for (const auto& [name, entry] : shared_.snapshot->transports)
        entry.transport->prune();
}

}  // namespace outpost::dispatch
