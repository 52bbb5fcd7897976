// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <functional>
#include <optional>
#include <vector>

#include "core/delivery/dispatch/attempt.hpp"
#include "core/delivery/dispatch/counters.hpp"
#include "core/delivery/dispatch/recorder.hpp"
#include "core/delivery/dispatch/shared.hpp"

namespace outpost::dispatch {

/// The end of what this node holds: outcomes are recorded and counted, leases are given back, and
/// then there is room for others.
class Closing {
  public:
    /// `on_report` is called, on any loop, when an outcome was recorded that owes a report;
    /// `on_room`, on the first loop, when there is room for more recipients.
    Closing(
        Shared& shared, Counters& counters, std::function<void()> on_report,
        std::function<void()> on_room
    );

    /// Untried: due again after the pause, or at once.
    void give_back(
        const std::vector<queue::Claimed>& claims, std::optional<std::chrono::milliseconds> pause
    );
    /// Of recipients that no attempt was made for.
    void record(std::vector<queue::Settled> outcomes);
    /// An attempt's. On any loop; `released` is to follow.
    awaitable<void> record_attempt(AttemptResult result, const FinalDotPermit& permit);
    void released(std::size_t recipients);
    /// At shutdown: what cannot be given back by then is left to others.
    awaitable<void> give_back_by(std::vector<queue::Lease> leases, Deadline deadline);

    /// True while an outcome waits for the database to come back.
    bool waits_for_database() const noexcept { return recorder_.waits_for_database(); }

  private:
    awaitable<void> run_give_back(
        std::vector<queue::Lease> leases, std::optional<std::chrono::milliseconds> pause
    );
    awaitable<void> run_record(std::vector<queue::Settled> outcomes);

    Shared& shared_;
    Counters& counters_;
    Recorder recorder_;
    const std::function<void()> on_report_, on_room_;
};

}  // namespace outpost::dispatch
