// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
#include <vector>

#include "core/delivery/dispatch/bodies.hpp"
#include "core/delivery/dispatch/claim_loop.hpp"
#include "core/delivery/dispatch/closing.hpp"
#include "core/delivery/dispatch/periodic.hpp"
#include "core/delivery/dispatch/router.hpp"
#include "core/delivery/dispatch/runner.hpp"
#include "core/delivery/dispatch/shared.hpp"
#include "core/foundation/async/event_loops.hpp"

namespace outpost::dispatch {

/// What the dispatcher works with. All of it outlives the dispatcher.
struct Services {
    EventLoops& loops;
    queue::QueueStore& store;
    queue::LimitStore& limits;
    queue::Suppressions& suppressions;
    dns::Resolver& resolver;
    net::Dialer& dialer;
    metrics::Registry& metrics;
};

/// Whom it tells. Called on any loop.
struct Listeners {
    std::function<void()> on_report;  ///< an outcome was recorded that owes a report
    std::function<void(const delivery::Learned&)>
        on_learned;  ///< what an attempt learned of transport security
};

/// Moves due recipients from the queue to the transports: claims them, routes them, lets their
/// destinations take turns, and records what came of each. The dispatcher itself lives on the first
/// loop; attempts run on all of them. Must outlive the running of the loops.
class Dispatcher final : public queue::FreshWorkTaker {
  public:
    Dispatcher(
        const Services& services, Settings settings, SnapshotPtr snapshot, Listeners listeners
    );

    /// Begins to claim. Once.
    void start();
    /// There may be due recipients (NOTIFY). Thread-safe.
    void wake();
    /// Another node has taken, given back or wants what limits are for (NOTIFY). Thread-safe.
    void limits_changed() { runner_.limits_changed(); }
    /// A message's wish for TLS was changed (NOTIFY): what is held of it and not begun follows it.
    /// Thread-safe.
    void tls_changed(const queue::TlsChange& change);
    /// From now on, what is claimed follows this configuration. Thread-safe.
    void use(SnapshotPtr snapshot);
    /// Stops claiming, gives back what waits, lets what is in flight finish; shortly before the
    /// deadline no further final dot is permitted: what has not sent its own by then is given back.
    /// To be awaited on the first loop, once.
    awaitable<void> drain(Deadline deadline);

    bool reserve(std::size_t recipients) noexcept override;
    void cancel(std::size_t recipients) noexcept override;
    void take(std::vector<queue::Claimed> claims) noexcept override;

    /// Recipients that this node holds. Thread-safe.
    std::size_t held() const noexcept { return shared_.budget.held(); }

  private:
    void measure(metrics::Registry& metrics);
    awaitable<bool> let_slow_bodies_go();

    const Listeners listeners_;
    Shared shared_;
    Bodies bodies_;
    Semaphore suspects_{1};
    Slots slots_;
    Counters counters_;
    const AttemptParts parts_;
    Closing closing_;
    Runner runner_;
    Router router_;
    ClaimLoop claim_loop_;
    Periodic letting_go_;
};

}  // namespace outpost::dispatch
