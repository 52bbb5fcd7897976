// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <compare>
#include <memory>
#include <string>
#include <vector>

#include "core/delivery/dispatch/snapshot.hpp"
#include "core/delivery/queue/records.hpp"
#include "core/delivery/queue/store.hpp"

namespace outpost::dispatch {

/// Where deliveries queue up: one next hop of one transport.
struct DestinationKey {
    std::string transport;  ///< the first choice of the route
    std::string next_hop;  ///< recipient domain or address literal; empty: the transport's only one
    auto operator<=>(const DestinationKey&) const = default;
};

/// Recipients that will be attempted together: same message, same route, same next hop, same
/// attempt.
struct DeliveryRequest {
    DestinationKey destination;
    SnapshotPtr snapshot;
    std::shared_ptr<const route::Decision> decision;
    std::vector<queue::Claimed> claims;  ///< never empty

    const delivery::Message& message() const { return *claims.front().envelope; }
};

std::vector<queue::Lease> leases_of(const std::vector<queue::Claimed>& claims);

}  // namespace outpost::dispatch
