// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <vector>

#include "core/delivery/dispatch/grouping.hpp"

namespace outpost::dispatch {

/// What the routes want to know that is not in a claim.
struct Needs {
    bool mx = false;
    bool header = false;
    bool any() const noexcept { return mx || header; }
};
Needs needs_of(const Snapshot& snapshot, const queue::Claimed& claim);

/// Decides for one recipient from what is at hand: an operator's override first, then the routes.
/// `mx_hosts` may be unset; header conditions see the content of the claim's envelope, if it has
/// any.
std::shared_ptr<const route::Decision> decide(
    const Snapshot& snapshot, const queue::Claimed& claim,
    const std::optional<std::vector<std::string>>& mx_hosts
);

/// The MX hosts of a domain, in no particular order; the domain itself when it has none (RFC 5321
/// section 5.1); nothing when the look-up failed.
awaitable<std::optional<std::vector<std::string>>> look_up_mx(
    dns::Resolver& resolver, const dns::Domain& domain, Deadline deadline
);

}  // namespace outpost::dispatch
