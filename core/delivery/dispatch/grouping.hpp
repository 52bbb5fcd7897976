// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <memory>
#include <vector>

#include "core/delivery/dispatch/delivery_request.hpp"

/// From single recipients to units of work. Pure.
namespace outpost::dispatch {

struct Routed {
    queue::Claimed claim;
    std::shared_ptr<const route::Decision> decision;
};

/// Where a recipient queues up: its domain (or address literal) when any transport of the decision
/// delivers per domain, else the one next hop of the first transport.
DestinationKey destination_of(
    const Snapshot& snapshot, const route::Decision& decision, const mail::Address& recipient
);

/// Whether the message leaves with return paths of ours. A message without a sender has nobody to
/// tell of a bounce, and keeps the null reverse-path (RFC 5321 section 4.5.5).
bool has_return_paths(const Snapshot& snapshot, const delivery::Message& message) noexcept;

/// Puts recipients together that share message, decision, destination and attempt; at most `most`
/// in a request. Address literals are alone, and so is a recipient with its own return path: a
/// transaction has one MAIL FROM. Order of first appearance is kept.
std::vector<DeliveryRequest> group(
    const SnapshotPtr& snapshot, std::vector<Routed> routed, std::size_t most
);

}  // namespace outpost::dispatch
