// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "core/route/table.hpp"

namespace outpost::route {

/// The first condition of the route that does not hold, said with the value that failed it:
/// "to: example.org is not covered by .example.net". Empty when all conditions hold.
std::string failed_condition(const Route& route, const Facts& facts);

}  // namespace outpost::route
