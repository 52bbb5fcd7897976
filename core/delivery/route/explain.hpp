// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "core/delivery/route/table.hpp"

namespace outpost::route {

/// The decision for people, as `outpost route explain` prints it: one line for each route that was
/// looked at, in the order of looking, with the condition that failed; then the choice.
std::string explain(const Decision& decision);

}  // namespace outpost::route
