// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "core/delivery/interface/transport.hpp"
#include "transports/settings.hpp"

namespace outpost::transports {

/// Refuses everything with a configured reply: to stop mail to somewhere, or to test what happens
/// then.
delivery::TransportPtr make_fail(FailSettings settings);

}  // namespace outpost::transports
