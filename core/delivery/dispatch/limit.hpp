// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "core/delivery/dispatch/settings.hpp"
#include "core/delivery/dispatch/snapshot.hpp"

namespace outpost::dispatch {

/// What a destination or a transport may have, all nodes together.
struct Limit {
    std::size_t slots = 0;  ///< deliveries under way
    delivery::Rate rate;    ///< messages begun
};

/// `destination` is a recipient domain, an address literal, or empty for a relay.
Limit destination_limit(const Settings& settings, const std::string& destination);
Limit transport_limit(
    const Settings& settings, const Snapshot& snapshot, const std::string& transport
);

}  // namespace outpost::dispatch
