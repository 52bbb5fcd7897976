// SPDX-License-Identifier: Apache-2.0
#include "core/delivery/dispatch/limit.hpp"

namespace outpost::dispatch {

Limit destination_limit(const Settings& settings, const std::string& destination) {
    Limit limit{settings.per_destination, settings.destination_rate};
    const auto own = settings.destinations.find(destination);
    if (own == settings.destinations.end()) return limit;
    if (own->second.deliveries > 0) limit.slots = own->second.deliveries;
    if (own->second.rate.is_set()) limit.rate = own->second.rate;
    return limit;
}

Limit transport_limit(
    const Settings& settings, const Snapshot& snapshot, const std::string& transport
) {
    Limit limit{settings.per_transport, settings.transport_rate};
    const auto* own = snapshot.transport(transport);
    if (own == nullptr) return limit;
    if (own->concurrency > 0) limit.slots = own->concurrency;
    if (own->rate.is_set()) limit.rate = own->rate;
    return limit;
}

}  // namespace outpost::dispatch
