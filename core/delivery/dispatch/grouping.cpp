// SPDX-License-Identifier: Apache-2.0
#include "core/delivery/dispatch/grouping.hpp"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

namespace outpost::dispatch {
namespace {

using GroupKey = std::tuple<
    MessageId, DestinationKey, int, route::List, std::size_t, std::vector<std::string>,
    route::OnUncertain>;

GroupKey key_of(const Routed& routed, const DestinationKey& destination) {
    const auto& decision = *routed.decision;
    return {routed.claim.key.message, destination,         routed.claim.attempts, decision.list,
            decision.index,           decision.transports, decision.on_uncertain};
}

bool must_be_alone(const Snapshot& snapshot, const queue::Claimed& claim) {
    // A suspect is alone, so that no other shares its fate if it turns out to be poison.
    return claim.crashes > 0 || !claim.recipient.address.literal().empty() ||
           has_return_paths(snapshot, *claim.envelope);
}

}  // namespace

bool has_return_paths(const Snapshot& snapshot, const delivery::Message& message) noexcept {
    return snapshot.return_paths && !message.mail_from.is_null();
}

DestinationKey destination_of(
    const Snapshot& snapshot, const route::Decision& decision, const mail::Address& recipient
) {
    const auto delivers_per_domain = [&snapshot](const std::string& name) {
        const auto* entry = snapshot.transport(name);
        return entry != nullptr && entry->transport->per_domain();
    };
    DestinationKey destination{decision.transports.front(), {}};
    if (std::any_of(decision.transports.begin(), decision.transports.end(), delivers_per_domain)) {
        const auto& literal = recipient.literal();
        destination.next_hop = literal.empty() ? recipient.domain().ascii() : "[" + literal + "]";
    }
    return destination;
}

std::vector<DeliveryRequest> group(
    const SnapshotPtr& snapshot, std::vector<Routed> routed, std::size_t most
) {
    std::vector<DeliveryRequest> requests;
    std::map<GroupKey, std::size_t> open;  // the request of this key that still has room
    for (auto& one : routed) {
        auto destination = destination_of(*snapshot, *one.decision, one.claim.recipient.address);
        auto key = key_of(one, destination);
        const auto found = open.find(key);
        const bool alone = must_be_alone(*snapshot, one.claim);
        if (alone || found == open.end() ||
            requests[found->second].claims.size() >= std::max<std::size_t>(most, 1)) {
            if (!alone) open[std::move(key)] = requests.size();
            requests.push_back({std::move(destination), snapshot, one.decision, {}});
            requests.back().claims.push_back(std::move(one.claim));
        } else {
            requests[found->second].claims.push_back(std::move(one.claim));
        }
    }
    return requests;
}

std::vector<queue::Lease> leases_of(const std::vector<queue::Claimed>& claims) {
    std::vector<queue::Lease> leases;
    leases.reserve(claims.size());
    for (const auto& claim : claims)
        leases.push_back({claim.key, claim.token});
    return leases;
}

}  // namespace outpost::dispatch
