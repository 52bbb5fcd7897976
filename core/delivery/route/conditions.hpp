// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <string_view>

#include "core/delivery/route/table.hpp"

namespace outpost::route {

/// The first condition of the route that does not hold, said with the value that failed it:
/// "to: example.org is not covered by .example.net". Empty when all conditions hold.
/// MX hosts are asked for last: `mx_unknown` means that everything else holds.
inline constexpr std::string_view mx_unknown = "mx: the MX hosts are not known";
std::string failed_condition(const Route& route, const Facts& facts);

}  // namespace outpost::route
