// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "core/delivery/modules/policy_kind.hpp"

namespace outpost::server {

/// All policies that there are, in the order in which the configuration's reference has them.
const delivery::PolicyKinds& policy_kinds();

}  // namespace outpost::server
