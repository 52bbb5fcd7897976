// SPDX-License-Identifier: Apache-2.0
#include "core/delivery/dispatch/closing.hpp"

#include <algorithm>
#include <utility>

namespace outpost::dispatch {
namespace {

bool owes_report(const std::vector<queue::Settled>& outcomes) {
    return std::any_of(outcomes.begin(), outcomes.end(), [](const queue::Settled& settled) {
        return settled.report != queue::Report::none;
    });
}

std::optional<WallTime> due_after(WallTime now, std::optional<std::chrono::milliseconds> pause) {
    if (!pause) return std::nullopt;
    return now + *pause;
}

}  // namespace

Closing::Closing(
    Shared& shared, Counters& counters, std::function<void()> on_report,
    std::function<void()> on_room
)
    : shared_(shared),
      counters_(counters),
      recorder_(shared.store),
      on_report_(std::move(on_report)),
      on_room_(std::move(on_room)) {}

void Closing::give_back(
    const std::vector<queue::Claimed>& claims, std::optional<std::chrono::milliseconds> pause
) {
    shared_.tasks.spawn("giving back", shared_.executor, run_give_back(leases_of(claims), pause));
}

awaitable<void> Closing::run_give_back(
    std::vector<queue::Lease> leases, std::optional<std::chrono::milliseconds> pause
) {
    const auto recipients = leases.size();
    co_await recorder_.give_back(std::move(leases), due_after(shared_.store.now(), pause));
    released(recipients);
}

void Closing::record(std::vector<queue::Settled> outcomes) {
    shared_.tasks.spawn("recording", shared_.executor, run_record(std::move(outcomes)));
}

awaitable<void> Closing::run_record(std::vector<queue::Settled> outcomes) {
    const auto recipients = outcomes.size();
    const bool report = owes_report(outcomes);
    counters_.count(outcomes);
    co_await recorder_.settle(std::move(outcomes));
    if (report) on_report_();
    released(recipients);
}

awaitable<void> Closing::record_attempt(AttemptResult result, const FinalDotPermit& permit) {
    const bool report = owes_report(result.settled);
    counters_.count(result.settled);
    co_await recorder_.settle(std::move(result.settled));
    // What was left untried after the last final dot was permitted has been given back already.
    if (!permit.is_shut()) {
        co_await recorder_.give_back(
            std::move(result.untried), due_after(shared_.store.now(), result.untried_pause)
        );
    }
    if (report) on_report_();
}

void Closing::released(std::size_t recipients) {
    shared_.budget.release(recipients);
    on_room_();
}

awaitable<void> Closing::give_back_by(std::vector<queue::Lease> leases, Deadline deadline) {
    return recorder_.give_back(std::move(leases), std::nullopt, deadline);
}

}  // namespace outpost::dispatch
