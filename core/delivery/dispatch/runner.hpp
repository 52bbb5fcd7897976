// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/delivery/dispatch/attempt.hpp"
#include "core/delivery/dispatch/closing.hpp"
#include "core/delivery/dispatch/destination_queues.hpp"
#include "core/delivery/dispatch/final_dot_permit.hpp"
#include "core/delivery/dispatch/limit_keeper.hpp"
#include "core/delivery/dispatch/shared.hpp"
#include "core/delivery/dispatch/tls_wishes.hpp"
#include "core/foundation/async/event_loops.hpp"

namespace outpost::dispatch {

/// Lets the destination queues take turns, and starts a delivery for each turn, on the loop that
/// has the least to do. Lives on the first loop; attempts run on all of them.
class Runner {
  public:
    Runner(
        Shared& shared, EventLoops& loops, queue::LimitStore& limits, Closing& closing,
        const AttemptParts& parts
    );

    void start() { limit_keeper_.start(shared_.tasks); }
    /// Puts requests into their queues; what has no place there is given back or deferred.
    void place(std::vector<DeliveryRequest> requests);
    /// Starts what may start now.
    void pump();
    /// A person has changed a message's wish for TLS: what waits follows it.
    void tls_changed(const queue::TlsChange& change);
    /// Another node has told that limits changed. Thread-safe.
    void limits_changed() { limit_keeper_.changed(); }
    /// Recipient domains of which nothing more should be claimed.
    std::vector<std::string> saturated() const { return queues_.saturated(); }
    /// Forgets what is over. To be called now and then.
    void sweep(SteadyTime now);

    /// Nothing more begins, and what waits is given back.
    void stop();
    /// No further final dot is permitted. Returns the leases whose dot was not: they can be given
    /// back.
    std::vector<queue::Lease> shut();

    /// Thread-safe.
    std::size_t running() const noexcept { return running_; }

  private:
    bool may_begin() const;
    void resume(const std::vector<queue::LimitKey>& destinations);
    void put_wishes_on_waiting();
    std::size_t least_busy_loop() const;
    void begin(DeliveryRequest request);
    awaitable<void> deliver(
        std::uint64_t id, DeliveryRequest request, std::shared_ptr<FinalDotPermit> permit,
        std::size_t loop
    );
    void attempt_ended(
        const DestinationKey& destination, std::size_t loop,
        const std::optional<std::string>& unreachable
    );
    void defer(const DeliveryRequest& request, const std::string& reason);

    Shared& shared_;
    EventLoops& loops_;
    Closing& closing_;
    const AttemptParts& parts_;
    DestinationQueues queues_;
    LimitKeeper limit_keeper_;
    TlsWishes wishes_;
    bool wishes_are_new_ = false;
    std::atomic<std::size_t> running_{0};  ///< read by others for the metrics
    std::vector<std::size_t> running_on_;  ///< by loop
    std::uint64_t next_id_ = 0;
    std::map<std::uint64_t, std::shared_ptr<FinalDotPermit>> in_flight_;
};

}  // namespace outpost::dispatch
