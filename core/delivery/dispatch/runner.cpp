// SPDX-License-Identifier: Apache-2.0
#include "core/delivery/dispatch/runner.hpp"

#include <asio/post.hpp>

#include <algorithm>
#include <utility>

#include "core/foundation/base/log.hpp"

// From a routed request to a recorded outcome:
//
// 1. place: it joins its destination's queue. A full one gives it back, a backed-off one defers it.
// 2. pump: as long as this node may begin more, the next queue whose turn it is and that has its
//    slots (limits of the destination and the transport) gives one up.
// 3. begin, deliver: an attempt (attempt.cpp), on the least busy loop.
// 4. attempt_ended: the slots are free again, and the destination may be backed off if no host was
//    reached: then what waits there is deferred. Its queue goes on while the outcome is recorded.
// 5. The outcome is recorded, whatever happens to the database meanwhile (closing.cpp).
namespace outpost::dispatch {
namespace {

/// How soon recipients are due again whose attempt failed before it began.
constexpr std::chrono::seconds fault_pause{5};

}  // namespace

Runner::Runner(
    Shared& shared, EventLoops& loops, queue::LimitStore& limits, Closing& closing,
    const AttemptParts& parts
)
    : shared_(shared),
      loops_(loops),
      closing_(closing),
      parts_(parts),
      queues_(shared.settings, parts.slots),
      limit_keeper_(
          limits, parts.slots, shared.executor,
          [this](const std::vector<queue::LimitKey>& destinations) { resume(destinations); }
      ),
      running_on_(loops.size()) {}

void Runner::place(std::vector<DeliveryRequest> requests) {
    const auto now = SteadyClock::now();
    for (auto& request : requests) {
        if (shared_.draining) {
            closing_.give_back(request.claims, std::nullopt);
            continue;
        }
        if (!wishes_.empty()) wishes_.put_on(request);  // changed while it was on its way
        switch (queues_.admit(request, now)) {
            case DestinationQueues::Admission::waiting:
                break;
            case DestinationQueues::Admission::full:
                closing_.give_back(request.claims, queues_.place_in(request.destination));
                break;
            case DestinationQueues::Admission::backed_off:
                defer(request, queues_.backed_off_reason(request.destination));
                break;
        }
    }
}

void Runner::pump() {
    while (may_begin()) {
        auto request = queues_.next(SteadyClock::now());
        if (!request) break;
        begin(std::move(*request));
    }
    if (parts_.slots.take_change()) limit_keeper_.wake();
}

// Without the database no final dot may be sent: an attempt would be in vain. Nor with a lease that
// may be over.
bool Runner::may_begin() const {
    return !shared_.draining && !shared_.database_away && !closing_.waits_for_database() &&
           running_ < shared_.settings.max_in_flight && limit_keeper_.may_begin();
}

void Runner::resume(const std::vector<queue::LimitKey>& destinations) {
    queues_.resume(destinations);
    pump();
}

// Changes come in crowds: what waits is looked through once for all that have come meanwhile.
void Runner::tls_changed(const queue::TlsChange& change) {
    wishes_.note(change, SteadyClock::now());
    if (std::exchange(wishes_are_new_, true)) return;
    asio::post(shared_.executor, [this] { put_wishes_on_waiting(); });
}

void Runner::put_wishes_on_waiting() {
    wishes_are_new_ = false;
    queues_.for_each_waiting([this](DeliveryRequest& request) { wishes_.put_on(request); });
}

void Runner::sweep(SteadyTime now) {
    queues_.sweep(now);
    wishes_.sweep(now);
}

// Deliveries

// Taking turns would let the loops drift apart, and open sessions lie idle on one that another
// needs: sessions stay on their loop.
std::size_t Runner::least_busy_loop() const {
    const auto least = std::min_element(running_on_.begin(), running_on_.end());
    return static_cast<std::size_t>(least - running_on_.begin());
}

void Runner::begin(DeliveryRequest request) {
    const auto id = next_id_++;
    const auto loop = least_busy_loop();
    const std::string on_uncertain(route::text(request.decision->on_uncertain));
    auto permit = std::make_shared<FinalDotPermit>(shared_.store, request.claims, on_uncertain);
    ++running_;
    ++running_on_[loop];
    in_flight_.emplace(id, permit);
    shared_.tasks.spawn(
        "delivery", loops_.at(loop).get_executor(),
        deliver(id, std::move(request), std::move(permit), loop)
    );
}

awaitable<void> Runner::deliver(
    std::uint64_t id, DeliveryRequest request, std::shared_ptr<FinalDotPermit> permit,
    std::size_t loop
) {
    const auto recipients = request.claims.size();
    const auto message = request.claims.front().key.message;
    AttemptResult result;
    std::string fault;
    try {
        result = co_await Attempt(request, *permit, parts_, loop).run();
    } catch (const std::exception& error) {
        fault = error.what();
    }
    if (!fault.empty()) {
        log::warning(
            "dispatch", "message={} could not be attempted: {}", to_number(message), fault
        );
        result.untried = permit->leases();
        result.untried_pause = fault_pause;
    }
    asio::post(
        shared_.executor,
        [this, destination = request.destination, loop, unreachable = result.unreachable] {
            attempt_ended(destination, loop, unreachable);
        }
    );
    co_await closing_.record_attempt(std::move(result), *permit);
    asio::post(shared_.executor, [this, id, recipients] {
        in_flight_.erase(id);
        closing_.released(recipients);
    });
}

void Runner::attempt_ended(
    const DestinationKey& destination, std::size_t loop,
    const std::optional<std::string>& unreachable
) {
    --running_;
    --running_on_[loop];
    for (const auto& request : queues_.finished(destination, unreachable, SteadyClock::now()))
        defer(request, *unreachable);
    pump();
}

void Runner::defer(const DeliveryRequest& request, const std::string& reason) {
    closing_.record(defer_backed_off(request, reason, shared_.store.now()));
}

// The end

void Runner::stop() {
    limit_keeper_.stop();
    for (const auto& request : queues_.clear())
        closing_.give_back(request.claims, std::nullopt);
}

std::vector<queue::Lease> Runner::shut() {
    std::vector<queue::Lease> unsent;
    for (const auto& [id, permit] : in_flight_) {
        const auto leases = permit->shut();
        unsent.insert(unsent.end(), leases.begin(), leases.end());
    }
    return unsent;
}

}  // namespace outpost::dispatch
