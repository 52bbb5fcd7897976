// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "core/delivery/interface/transport.hpp"
#include "transports/settings.hpp"

namespace outpost::transports {

/// Takes everything and delivers nothing: for load tests, and for mail that must not leave.
delivery::TransportPtr make_discard(DiscardSettings settings);

}  // namespace outpost::transports
