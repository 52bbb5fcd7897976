// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "core/delivery/dispatch/delivery_request.hpp"

/// What is recorded of a recipient: the verdict, what becomes of it, and all that explains it.
namespace outpost::dispatch {

/// What all recipients of an attempt have in common in their rows.
struct Common {
    WallTime started{};  ///< by the queue's clock
    Duration duration{};
    std::string transport, transcript;

    WallTime ended() const { return started + duration; }
};

/// The outcome of one recipient. Says it in the log as well.
queue::Settled settle(
    const DeliveryRequest& request, const queue::Claimed& claim, const delivery::Verdict& verdict,
    const Common& common
);
/// The outcomes of recipients whose destination is backed off: deferred without a connection of
/// their own.
std::vector<queue::Settled> defer_backed_off(
    const DeliveryRequest& request, const std::string& reason, WallTime now
);
/// The outcome of a recipient whose route could not be chosen (its MX hosts are not known for now).
queue::Settled defer_unrouted(
    SnapshotPtr snapshot, std::shared_ptr<const route::Decision> decision, queue::Claimed claim,
    WallTime now
);

}  // namespace outpost::dispatch
