// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <deque>
#include <functional>
#include <list>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/delivery/dispatch/delivery_request.hpp"
#include "core/delivery/dispatch/settings.hpp"
#include "core/delivery/dispatch/slots.hpp"
#include "core/foundation/base/clock.hpp"

namespace outpost::dispatch {

/// The waiting deliveries of this node, a queue for each destination. A slow or dead one fills its
/// own queue and nothing else: destinations take turns, each has its limits, and one that reaches
/// no host backs off. A plain data structure: no clock, no I/O; belongs to one thread.
class DestinationQueues {
  public:
    DestinationQueues(const Settings& settings, Slots& slots)
        : settings_(settings), slots_(slots) {}

    enum class Admission {
        waiting,     ///< taken
        full,        ///< the queue holds all it may: give the recipients back for now
        backed_off,  ///< the destination was just found dead: defer, with `backed_off_reason`
    };
    /// Takes the request, or leaves it as it is when there is no place for it.
    Admission admit(DeliveryRequest& request, SteadyTime now);
    /// When a full queue is likely to have place again, by the pace at which its deliveries end.
    std::chrono::milliseconds place_in(const DestinationKey& destination) const;
    /// Why the destination is backed off: the words of the attempt that found it dead.
    std::string backed_off_reason(const DestinationKey& destination) const;

    /// The next delivery that may start, its slots taken; destinations in turn. One that may not
    /// begin more for now leaves its turn to the others.
    std::optional<DeliveryRequest> next(SteadyTime now);
    /// These destinations may have been allowed more: they take turns again.
    void resume(const std::vector<queue::LimitKey>& destinations);
    /// A delivery to this destination has ended; gives its slots back. `unreachable` is set when it
    /// reached no host. Returns what waited for it when that makes it back off: to be deferred.
    std::vector<DeliveryRequest> finished(
        const DestinationKey& destination, const std::optional<std::string>& unreachable,
        SteadyTime now
    );

    /// Recipient domains of which nothing more should be claimed: their queues are half full.
    std::vector<std::string> saturated() const;
    /// Calls `change` with everything that waits: it may change what is claimed, not how much.
    void for_each_waiting(const std::function<void(DeliveryRequest&)>& change);
    /// Takes out everything that waits (shutdown).
    std::vector<DeliveryRequest> clear();
    /// Forgets destinations that have been idle for long. Call it from time to time.
    void sweep(SteadyTime now);

    std::size_t waiting_recipients() const noexcept { return waiting_recipients_; }
    std::size_t destination_count() const noexcept { return queues_.size(); }

  private:
    struct Destination {
        std::list<DeliveryRequest> waiting;  ///< most have none, and an empty deque takes 0.5 KiB
        std::size_t waiting_recipients = 0;
        std::size_t waiting_most = 0;  ///< recipients
        std::size_t running = 0;
        Limit limit;
        std::size_t unreachable_in_a_row = 0;
        std::string last_reason;
        SteadyTime backed_off_until{};
        SteadyTime last_used{};
        SteadyTime last_ended{};
        /// From one end of a delivery to the next, on average of late; unset before the second.
        std::optional<Duration> pace;
        bool has_turn = false;  ///< it stands in the turn of its transport
        bool stalled = false;   ///< its limit lets it begin no more for now
    };

    bool found_dead(const Destination& destination) const noexcept;
    bool may_start(const Destination& destination) const noexcept;
    static void note_end(Destination& destination, SteadyTime now);
    void offer_turn(const DestinationKey& key, Destination& destination);
    std::optional<DeliveryRequest> next_of(const std::string& transport, SteadyTime now);
    Slots::Lacking take_slots(
        const DestinationKey& key, const Destination& destination, std::size_t others,
        SteadyTime now
    );
    Destination& destination_for(const DeliveryRequest& request);
    void note_waiting(
        const DestinationKey& key, Destination& destination, std::ptrdiff_t recipients
    );
    std::vector<DeliveryRequest> take_waiting(const DestinationKey& key, Destination& destination);

    const Settings& settings_;
    Slots& slots_;
    std::map<DestinationKey, Destination> queues_;
    std::map<std::string, std::deque<DestinationKey>>
        turns_;                   ///< by transport: those that may start
    std::string last_transport_;  ///< transports take turns, too
    std::set<DestinationKey> crowded_;
    std::size_t waiting_recipients_ = 0;
};

}  // namespace outpost::dispatch
