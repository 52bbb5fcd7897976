// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "core/async/awaitable.hpp"
#include "core/async/deadline.hpp"
#include "core/publication/compare.hpp"

namespace outpost::publication {

/// Looks up all that should be published, one question after the other, and says how each record
/// fares. What no answer comes for in time is unknown. The resolver outlives the call.
awaitable<std::vector<Finding>> check(Records records, dns::Resolver& resolver, Deadline deadline);

}  // namespace outpost::publication
