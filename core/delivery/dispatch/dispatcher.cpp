// SPDX-License-Identifier: Apache-2.0
#include "core/delivery/dispatch/dispatcher.hpp"

#include <asio/post.hpp>

#include <utility>

#include "core/foundation/base/log.hpp"

// A recipient's way through this node, and which part has it in hand:
//
//   claim loop      takes it out of the queue when it is due; fresh mail comes straight to `take`
//   router          decides its transports by the routes, and groups it with others
//   runner          keeps it in its destination's queue until its turn comes and limits allow it
//   attempt         tries the transports, and says what becomes of each recipient
//   closing         records that, or gives the lease back; there is room for another
//
// All but the attempt live on the first loop. `drain` stops them in this order, and gives back what
// cannot end in time.
namespace outpost::dispatch {

Dispatcher::Dispatcher(
    const Services& services, Settings settings, SnapshotPtr snapshot, Listeners listeners
)
    : listeners_(std::move(listeners)),
      shared_(
          services.loops.at(0).get_executor(), services.store, std::move(settings),
          std::move(snapshot)
      ),
      bodies_(services.store, shared_.settings.content_memory / 2),
      counters_(services.metrics),
      parts_{
          services.store,
          services.suppressions,
          services.resolver,
          services.dialer,
          slots_,
          bodies_,
          suspects_,
          counters_,
          listeners_.on_learned,
          shared_.settings
      },
      closing_(
          shared_, counters_, listeners_.on_report,
          [this] {
              claim_loop_.room_made();
              runner_.pump();
          }
      ),
      runner_(shared_, services.loops, services.limits, closing_, parts_),
      router_(shared_, bodies_, services.resolver, closing_, runner_),
      claim_loop_(shared_, router_, runner_),
      letting_go_("letting content go", shared_.executor, Bodies::quick / 4, [this] {
          return let_slow_bodies_go();
      }) {
    measure(services.metrics);
}

void Dispatcher::measure(metrics::Registry& metrics) {
    metrics.gauge("outpost_deliveries_in_flight", "Deliveries under way on this node", {}, [this] {
        return static_cast<double>(runner_.running());
    });
    metrics.gauge(
        "outpost_recipients_leased", "Recipients that this node holds, waiting or under way", {},
        [this] { return static_cast<double>(held()); }
    );
    metrics.gauge(
        "outpost_content_memory_bytes", "Message content held in memory", {{"way", "out"}},
        [this] { return static_cast<double>(bodies_.used()); }
    );
}

void Dispatcher::start() {
    runner_.start();
    letting_go_.start(shared_.tasks);
    claim_loop_.start();
}

void Dispatcher::wake() {
    asio::post(shared_.executor, [this] { claim_loop_.wake(); });
}

void Dispatcher::tls_changed(const queue::TlsChange& change) {
    asio::post(shared_.executor, [this, change] { runner_.tls_changed(change); });
}

void Dispatcher::use(SnapshotPtr snapshot) {
    asio::post(shared_.executor, [this, snapshot = std::move(snapshot)] {
        const auto old = std::exchange(shared_.snapshot, snapshot);
        for (const auto& [name, entry] : old->transports)
            entry.transport->prune();
    });
}

bool Dispatcher::reserve(std::size_t recipients) noexcept {
    return !shared_.draining && shared_.budget.reserve(recipients);
}

void Dispatcher::cancel(std::size_t recipients) noexcept {
    shared_.budget.release(recipients);
}

void Dispatcher::take(std::vector<queue::Claimed> claims) noexcept {
    asio::post(shared_.executor, [this, claims = std::move(claims)]() mutable {
        router_.accept(std::move(claims));
    });
}

awaitable<bool> Dispatcher::let_slow_bodies_go() {
    bodies_.let_go(SteadyClock::now() - Bodies::quick);
    co_return false;
}

awaitable<void> Dispatcher::drain(Deadline deadline) {
    shared_.draining = true;
    claim_loop_.stop();
    letting_go_.stop();
    runner_.stop();
    // A fifth of the time is kept for giving back and for the replies to dots already sent.
    const auto patience = Deadline::in(deadline.left() * 4 / 5);
    if (co_await shared_.tasks.join(patience)) co_return;
    auto unsent = runner_.shut();
    log::info("dispatch", "stopping: {} recipients in flight are given back", unsent.size());
    co_await closing_.give_back_by(std::move(unsent), deadline);
    if (!co_await shared_.tasks.join(deadline))
        log::warning("dispatch", "{} deliveries did not end in time", shared_.tasks.running());
}

}  // namespace outpost::dispatch
