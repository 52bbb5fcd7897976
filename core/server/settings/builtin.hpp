// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "core/delivery/modules/policy_kind.hpp"
#include "core/delivery/modules/transport_kind.hpp"

namespace outpost::server {

/// All policies that there are, in the order in which the configuration's reference has them.
const delivery::PolicyKinds& policy_kinds();

/// All kinds of transports. The first is the one that is there without being configured.
const delivery::TransportKinds& transport_kinds();

}  // namespace outpost::server
