// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <memory>
#include <vector>

#include "core/dispatch/parcel.hpp"

/// From single recipients to units of work. Pure.
namespace outpost::dispatch {

struct Routed {
    queue::Claimed claim;
    std::shared_ptr<const route::Decision> decision;
};

/// The lane of a recipient: its domain (or address literal) when any transport of the decision
/// delivers per domain, else the one next hop of the first transport.
LaneKey lane_of(
    const Snapshot& snapshot, const route::Decision& decision, const mail::Address& recipient
);

/// Puts recipients together that share message, decision, lane and attempt; at most `most` in a
/// parcel, and address literals one by one. Order of first appearance is kept.
std::vector<Parcel> group(
    const SnapshotPtr& snapshot, std::vector<Routed> routed, std::size_t most
);

}  // namespace outpost::dispatch
