// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <string>

#include "policies/mta_sts/fetcher.hpp"
#include "policies/mta_sts/lookup.hpp"

namespace outpost::mta_sts {

/// How a delivery would come to know a domain's policy, step by step.
struct Inspection {
    Lookup lookup;  ///< the record's id, or why there is none
    Entry stored;   ///< what all nodes share; version 0: nothing
    /// What the policy host answered; unset: a delivery would not ask it.
    std::optional<Result<Policy, Trouble>> fetched;
    Standing standing;  ///< what holds: fetched, or stored
};

/// For people who ask: as for a delivery, but nothing is stored, and no other node is waited for.
/// `now`: the database's time of day.
awaitable<Inspection> inspect(
    std::string domain, Entry stored, dns::Resolver& resolver, Fetcher& fetcher, WallTime now,
    Deadline deadline
);

}  // namespace outpost::mta_sts
