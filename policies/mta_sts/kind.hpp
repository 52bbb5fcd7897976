// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>

#include "core/delivery/modules/policy_kind.hpp"

namespace outpost::mta_sts {

/// MTA-STS as the server's list of policies has it.
std::shared_ptr<const delivery::PolicyKind> policy_kind();

}  // namespace outpost::mta_sts
