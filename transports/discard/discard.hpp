// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>

#include "core/delivery/modules/transport_kind.hpp"

namespace outpost::transports {

/// Takes everything, delivers nothing.
struct DiscardSettings {
    std::chrono::milliseconds delay{0};
};

/// Takes everything and delivers nothing: for load tests, and for mail that must not leave.
delivery::TransportPtr make_discard(DiscardSettings settings);

/// As the server's list of transports has it.
delivery::TransportKind discard_kind();

}  // namespace outpost::transports
