// SPDX-License-Identifier: Apache-2.0
#include "core/delivery/dispatch/dispatcher.hpp"

#include <algorithm>
#include <utility>

#include "core/delivery/dispatch/late_content.hpp"
#include "core/foundation/base/log.hpp"

namespace outpost::dispatch {
namespace {

/// How soon recipients are due again that found no place on this node.
constexpr std::chrono::seconds no_place_pause{5};
/// How soon they are due again when this node could not find out how to route them.
constexpr std::chrono::seconds lookup_pause{30};

/// For so long a delivery that has begun keeps its message's content in memory.
constexpr std::chrono::milliseconds quick{1'000};

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

Dispatcher::Dispatcher(
    EventLoops& loops, queue::QueueStore& store, queue::LimitStore& limits,
    queue::Suppressions& suppressions, dns::Resolver& resolver, net::Dialer& dialer,
    Settings settings, SnapshotPtr snapshot, std::function<void()> on_report,
    metrics::Registry& metrics, std::function<void(const delivery::Learned&)> on_learned
)
    : loops_(loops),
      store_(store),
      resolver_(resolver),
      settings_(settings),
      snapshot_(std::move(snapshot)),
      on_report_(std::move(on_report)),
      on_learned_(std::move(on_learned)),
      budget_(settings_.max_recipients),
      memory_(settings_.content_memory / 2),
      recorder_(store),
      counters_(metrics),
      parts_{store,   suppressions, resolver,  dialer,      allowances_,
             memory_, suspects_,    counters_, on_learned_, settings_},
      lanes_(settings_, allowances_),
      limit_keeper_(
          limits, allowances_, loops.at(0).get_executor(),
          [this](const std::vector<queue::LimitKey>& destinations) { resume(destinations); }
      ),
      wake_(loops.at(0).get_executor()),
      running_on_(loops.size()),
      letting_go_("letting content go", loops.at(0).get_executor(), quick / 4, [this] {
          return let_slow_content_go();
      }) {
    measure(metrics);
}

void Dispatcher::measure(metrics::Registry& metrics) {
    metrics.gauge("outpost_deliveries_in_flight", "Deliveries under way on this node", {}, [this] {
        return static_cast<double>(running_);
    });
    metrics.gauge(
        "outpost_recipients_leased", "Recipients that this node holds, waiting or under way", {},
        [this] { return static_cast<double>(held()); }
    );
    metrics.gauge(
        "outpost_content_memory_bytes", "Message content held in memory", {{"way", "out"}},
        [this] { return static_cast<double>(memory_.used()); }
    );
}

void Dispatcher::start() {
    limit_keeper_.start(tasks_);
    letting_go_.start(tasks_);
    tasks_.spawn("claim loop", loops_.at(0).get_executor(), claim_loop());
}

void Dispatcher::wake() {
    asio::post(loops_.at(0), [this] {
        notified_ = true;
        wake_.notify();
    });
}

// Changes come in crowds: what waits is looked through once for all that have come meanwhile.
void Dispatcher::tls_changed(const queue::TlsChange& change) {
    asio::post(loops_.at(0), [this, change] {
        wishes_.note(change, SteadyClock::now());
        if (std::exchange(wishes_are_new_, true)) return;
        asio::post(loops_.at(0), [this] { put_wishes_on_waiting(); });
    });
}

void Dispatcher::put_wishes_on_waiting() {
    wishes_are_new_ = false;
    lanes_.for_each_waiting([this](Parcel& parcel) { wishes_.put_on(parcel); });
}

void Dispatcher::use(SnapshotPtr snapshot) {
    asio::post(loops_.at(0), [this, snapshot = std::move(snapshot)] {
        const auto old = std::exchange(snapshot_, snapshot);
        for (const auto& [name, entry] : old->transports)
            entry.transport->prune();
    });
}

bool Dispatcher::reserve(std::size_t recipients) noexcept {
    return !draining_ && budget_.reserve(recipients);
}

void Dispatcher::cancel(std::size_t recipients) noexcept {
    budget_.release(recipients);
}

void Dispatcher::take(std::vector<queue::Claimed> claims) noexcept {
    asio::post(loops_.at(0), [this, claims = std::move(claims)]() mutable {
        accept(std::move(claims));
    });
}

// Routing

void Dispatcher::accept(std::vector<queue::Claimed> claims) {
    if (draining_) return put_back(claims, std::nullopt);
    std::vector<Routed> routed;
    std::map<std::pair<MessageId, dns::Domain>, std::pair<Needs, std::vector<queue::Claimed>>>
        with_lookups;
    std::map<MessageId, std::shared_ptr<const delivery::Message>> envelopes;
    for (auto& claim : claims) {
        auto& envelope = envelopes[claim.key.message];
        if (!envelope) envelope = within_memory(claim.envelope);
        claim.envelope = envelope;
        const auto needs = needs_of(*snapshot_, claim);
        if (!needs.any()) {
            auto decision = decide(*snapshot_, claim, std::nullopt);
            routed.push_back({std::move(claim), std::move(decision)});
            continue;
        }
        auto& waiting = with_lookups[{claim.key.message, claim.recipient.address.domain()}];
        waiting.first = {waiting.first.mx || needs.mx, waiting.first.header || needs.header};
        waiting.second.push_back(std::move(claim));
    }
    place(group(snapshot_, std::move(routed), settings_.recipients_per_delivery));
    for (auto& [key, waiting] : with_lookups) {
        tasks_.spawn(
            "routing", loops_.at(0).get_executor(),
            route_with_lookups(snapshot_, std::move(waiting.second), waiting.first)
        );
    }
    pump();
}

// Content over the budget is let go: the attempt reads it again.
std::shared_ptr<const delivery::Message> Dispatcher::within_memory(
    std::shared_ptr<const delivery::Message> message
) {
    if (!message->content) return message;
    auto copy = std::make_shared<delivery::Message>(*message);
    copy->content = memory_.keep(message->content);
    return copy;
}

awaitable<void> Dispatcher::route_with_lookups(
    SnapshotPtr snapshot, std::vector<queue::Claimed> claims, Needs needs
) {
    std::string fault;
    try {
        std::optional<std::vector<std::string>> mx_hosts;
        if (needs.mx) {
            const auto domain = claims.front().recipient.address.domain();
            mx_hosts =
                co_await look_up_mx(resolver_, domain, Deadline::in(std::chrono::seconds(30)));
        }
        std::shared_ptr<const delivery::Message> loaded;
        if (needs.header) loaded = co_await store_.load_header(claims.front().key.message);
        const auto kept = claims.front().envelope;
        std::vector<Routed> routed;
        std::vector<queue::Settled> open;
        for (auto claim : claims) {
            if (loaded) claim.envelope = loaded;
            auto decision = decide(*snapshot, claim, mx_hosts);
            claim.envelope = kept;
            if (decision->open) {
                open.push_back(
                    defer_unrouted(snapshot, std::move(decision), std::move(claim), store_.now())
                );
            } else {
                routed.push_back({std::move(claim), std::move(decision)});
            }
        }
        if (!open.empty()) {
            const auto here = loops_.at(0).get_executor();
            tasks_.spawn("recording", here, record(std::move(open)));
        }
        place(group(snapshot, std::move(routed), settings_.recipients_per_delivery));
        pump();
        co_return;
    } catch (const std::exception& error) {
        fault = error.what();
    }
    log::warning(
        "dispatch", "message={} could not be routed: {}", to_number(claims.front().key.message),
        fault
    );
    put_back(claims, lookup_pause);
}

void Dispatcher::place(std::vector<Parcel> parcels) {
    const auto now = SteadyClock::now();
    for (auto& parcel : parcels) {
        if (draining_) {
            put_back(parcel.claims, std::nullopt);
            continue;
        }
        if (!wishes_.empty()) wishes_.put_on(parcel);  // changed while it was on its way
        switch (lanes_.admit(parcel, now)) {
            case Lanes::Admission::waiting:
                break;
            case Lanes::Admission::full:
                put_back(parcel.claims, lanes_.place_in(parcel.lane));
                break;
            case Lanes::Admission::resting:
                defer(parcel, lanes_.resting_reason(parcel.lane));
                break;
        }
    }
}

// Delivering

void Dispatcher::pump() {
    while (may_begin()) {
        auto parcel = lanes_.next(SteadyClock::now());
        if (!parcel) break;
        start_delivery(std::move(*parcel));
    }
    if (allowances_.take_news()) limit_keeper_.wake();
}

// Without the database no final dot may be sent: an attempt would be in vain. Nor with a lease that
// may be over.
bool Dispatcher::may_begin() const {
    return !draining_ && !database_away_ && !recorder_.waits_for_database() &&
           running_ < settings_.max_in_flight && limit_keeper_.may_begin();
}

void Dispatcher::resume(const std::vector<queue::LimitKey>& destinations) {
    lanes_.resume(destinations);
    pump();
}

// Taking turns would let the loops drift apart, and open sessions lie idle on one that another
// needs: sessions stay on their loop.
std::size_t Dispatcher::least_busy_loop() const {
    const auto least = std::min_element(running_on_.begin(), running_on_.end());
    return static_cast<std::size_t>(least - running_on_.begin());
}

void Dispatcher::start_delivery(Parcel parcel) {
    const auto id = next_id_++;
    const auto loop = least_busy_loop();
    hold_content_of(parcel);
    const std::string on_uncertain(route::text(parcel.decision->on_uncertain));
    auto gate = std::make_shared<Gate>(store_, parcel.claims, on_uncertain);
    ++running_;
    ++running_on_[loop];
    in_flight_.emplace(id, gate);
    tasks_.spawn(
        "delivery", loops_.at(loop).get_executor(),
        deliver(id, std::move(parcel), std::move(gate), loop)
    );
}

// From here on the content may be let go at any time: the envelope is to be without.
void Dispatcher::hold_content_of(Parcel& parcel) {
    const auto whole = parcel.claims.front().envelope;
    if (!whole->content || !may_read_late(parcel)) return;
    parcel.content = content_in_flight_.hold(whole->content, SteadyClock::now());
    auto envelope = std::make_shared<delivery::Message>(*whole);
    envelope->content = nullptr;
    for (auto& claim : parcel.claims)
        claim.envelope = envelope;
}

awaitable<bool> Dispatcher::let_slow_content_go() {
    content_in_flight_.let_go(SteadyClock::now() - quick);
    co_return false;
}

awaitable<void> Dispatcher::deliver(
    std::uint64_t id, Parcel parcel, std::shared_ptr<Gate> gate, std::size_t loop
) {
    AttemptResult result;
    std::string fault;
    try {
        result = co_await attempt(parcel, *gate, parts_, loop);
    } catch (const std::exception& error) {
        fault = error.what();
    }
    if (!fault.empty()) {
        const auto message = to_number(parcel.claims.front().key.message);
        log::warning("dispatch", "message={} could not be attempted: {}", message, fault);
        result.untried = leases_of(parcel.claims);
        result.untried_pause = no_place_pause;
    }
    // The lane goes on while the outcome is being recorded.
    asio::post(loops_.at(0), [this, lane = parcel.lane, loop, unreachable = result.unreachable] {
        lane_ended(lane, loop, unreachable);
    });
    const auto recipients = parcel.claims.size();
    const bool report = owes_report(result.settled);
    counters_.count(result.settled);
    co_await recorder_.settle(std::move(result.settled));
    // What a shut gate left untried has been given back by `drain` already.
    if (!gate->is_shut())
        co_await recorder_.give_back(
            std::move(result.untried), due_after(store_.now(), result.untried_pause)
        );
    if (report) on_report_();
    asio::post(loops_.at(0), [this, id, recipients] {
        in_flight_.erase(id);
        released(recipients);
    });
}

void Dispatcher::lane_ended(
    const LaneKey& lane, std::size_t loop, const std::optional<std::string>& unreachable
) {
    --running_;
    --running_on_[loop];
    for (const auto& parcel : lanes_.finished(lane, unreachable, SteadyClock::now())) {
        defer(parcel, *unreachable);
    }
    pump();
}

void Dispatcher::defer(const Parcel& parcel, const std::string& reason) {
    tasks_.spawn(
        "recording", loops_.at(0).get_executor(),
        record(defer_resting(parcel, reason, store_.now()))
    );
}

awaitable<void> Dispatcher::record(std::vector<queue::Settled> outcomes) {
    const auto recipients = outcomes.size();
    const bool report = owes_report(outcomes);
    counters_.count(outcomes);
    co_await recorder_.settle(std::move(outcomes));
    if (report) on_report_();
    released(recipients);
}

void Dispatcher::put_back(
    const std::vector<queue::Claimed>& claims, std::optional<std::chrono::milliseconds> pause
) {
    tasks_.spawn("giving back", loops_.at(0).get_executor(), give_back(leases_of(claims), pause));
}

awaitable<void> Dispatcher::give_back(
    std::vector<queue::Lease> leases, std::optional<std::chrono::milliseconds> pause
) {
    const auto recipients = leases.size();
    co_await recorder_.give_back(std::move(leases), due_after(store_.now(), pause));
    released(recipients);
}

void Dispatcher::released(std::size_t recipients) {
    budget_.release(recipients);
    if (more_due_) wake_.notify();
    pump();
}

}  // namespace outpost::dispatch
