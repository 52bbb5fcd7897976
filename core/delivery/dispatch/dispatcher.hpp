// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/delivery/dispatch/attempt.hpp"
#include "core/delivery/dispatch/content_in_flight.hpp"
#include "core/delivery/dispatch/grouping.hpp"
#include "core/delivery/dispatch/lanes.hpp"
#include "core/delivery/dispatch/limit_keeper.hpp"
#include "core/delivery/dispatch/periodic.hpp"
#include "core/delivery/dispatch/recipient_budget.hpp"
#include "core/delivery/dispatch/recorder.hpp"
#include "core/delivery/dispatch/routing.hpp"
#include "core/delivery/dispatch/tls_wishes.hpp"
#include "core/foundation/async/event.hpp"
#include "core/foundation/async/event_loops.hpp"
#include "core/foundation/async/task_group.hpp"

namespace outpost::dispatch {

/// Moves due recipients from the queue to the transports: claims them, routes them, lets their
/// lanes take turns, and records what came of each. The dispatcher itself lives on the first loop;
/// attempts run on all of them. Must outlive the running of the loops.
class Dispatcher final : public queue::FreshWorkTaker {
  public:
    /// `on_report` is called, on any loop, when an outcome was recorded that owes a report.
    /// `on_learned` is called, on any loop, with what an attempt learned of transport security.
    Dispatcher(
        EventLoops& loops, queue::QueueStore& store, queue::LimitStore& limits,
        queue::Suppressions& suppressions, dns::Resolver& resolver, net::Dialer& dialer,
        Settings settings, SnapshotPtr snapshot, std::function<void()> on_report,
        metrics::Registry& metrics, std::function<void(const delivery::Learned&)> on_learned
    );

    /// Begins to claim. Once.
    void start();
    /// There may be due recipients (NOTIFY). Thread-safe.
    void wake();
    /// Another node has taken, given back or wants what limits are for (NOTIFY). Thread-safe.
    void limits_changed() { limit_keeper_.changed(); }
    /// A message's wish for TLS was changed (NOTIFY): what is held of it and not begun follows it.
    /// Thread-safe.
    void tls_changed(const queue::TlsChange& change);
    /// From now on, what is claimed follows this configuration. Thread-safe.
    void use(SnapshotPtr snapshot);
    /// Stops claiming, gives back what waits, lets what is in flight finish; shortly before the
    /// deadline shuts the gates: what has not sent its final dot by then is given back. To be
    /// awaited on the first loop, once.
    awaitable<void> drain(Deadline deadline);

    bool reserve(std::size_t recipients) noexcept override;
    void cancel(std::size_t recipients) noexcept override;
    void take(std::vector<queue::Claimed> claims) noexcept override;

    /// Recipients that this node holds. Thread-safe.
    std::size_t held() const noexcept { return budget_.held(); }

  private:
    // Claiming.
    awaitable<void> claim_loop();
    awaitable<void> look();
    awaitable<void> claim(std::size_t limit);
    bool should_look() const;
    Duration pause_before_look(std::optional<WallTime> due) const;
    void database_failed(const std::string& why);

    // Routing and queueing.
    void accept(std::vector<queue::Claimed> claims);
    awaitable<void> route_with_lookups(
        SnapshotPtr snapshot, std::vector<queue::Claimed> claims, Needs needs
    );
    void place(std::vector<Parcel> parcels);
    void put_wishes_on_waiting();
    std::shared_ptr<const delivery::Message> within_memory(
        std::shared_ptr<const delivery::Message> message
    );

    // Delivering and recording.
    void pump();
    bool may_begin() const;
    void resume(const std::vector<queue::LimitKey>& destinations);
    void start_delivery(Parcel parcel);
    void hold_content_of(Parcel& parcel);
    awaitable<bool> let_slow_content_go();
    std::size_t least_busy_loop() const;
    awaitable<void> deliver(
        std::uint64_t id, Parcel parcel, std::shared_ptr<Gate> gate, std::size_t loop
    );
    void lane_ended(
        const LaneKey& lane, std::size_t loop, const std::optional<std::string>& unreachable
    );
    void put_back(
        const std::vector<queue::Claimed>& claims, std::optional<std::chrono::milliseconds> pause
    );
    awaitable<void> give_back(
        std::vector<queue::Lease> leases, std::optional<std::chrono::milliseconds> pause
    );
    void defer(const Parcel& parcel, const std::string& reason);
    awaitable<void> record(std::vector<queue::Settled> outcomes);
    void released(std::size_t recipients);

    void measure(metrics::Registry& metrics);
    void maintain();
    awaitable<void> shut_gates(Deadline deadline);

    EventLoops& loops_;
    queue::QueueStore& store_;
    dns::Resolver& resolver_;
    const Settings settings_;
    SnapshotPtr snapshot_;
    const std::function<void()> on_report_;
    const std::function<void(const delivery::Learned&)> on_learned_;

    RecipientBudget budget_;
    ContentMemory memory_;
    Suspects suspects_;
    Allowances allowances_;
    Recorder recorder_;
    Counters counters_;
    const AttemptParts parts_;
    std::atomic<bool> draining_{false};

    // Only on the first loop:
    Lanes lanes_;
    LimitKeeper limit_keeper_;
    TlsWishes wishes_;
    bool wishes_are_new_ = false;
    Event wake_;
    bool notified_ = false, more_due_ = false, database_away_ = false;
    int failures_ = 0;
    SteadyTime next_look_{}, next_maintenance_{};
    std::atomic<std::size_t> running_{0};  ///< read by others for the metrics
    std::vector<std::size_t> running_on_;  ///< by loop
    std::uint64_t next_id_ = 0;
    std::map<std::uint64_t, std::shared_ptr<Gate>> in_flight_;
    ContentInFlight content_in_flight_;
    Periodic letting_go_;
    TaskGroup tasks_;
};

}  // namespace outpost::dispatch
