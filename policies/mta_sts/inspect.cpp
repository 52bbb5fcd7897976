// SPDX-License-Identifier: Apache-2.0
#include "policies/mta_sts/inspect.hpp"

#include <utility>

namespace outpost::mta_sts {

awaitable<Inspection> inspect(
    std::string domain, Entry stored, dns::Resolver& resolver, Fetcher& fetcher, WallTime now,
    Deadline deadline
) {
    Lookup lookup = co_await look_up(domain, resolver, deadline);
    Decision decision = decide(lookup, stored, now);
    Inspection inspection{std::move(lookup), std::move(stored), {}, std::move(decision.standing)};
    if (!decision.fetch) co_return inspection;
    auto fetched = co_await fetcher.fetch(domain, deadline);
    inspection.standing = fetched ? Standing{*fetched, false, {}}
                                  : after_failure(inspection.standing, fetched.error());
    inspection.fetched = std::move(fetched);
    co_return inspection;
}

}  // namespace outpost::mta_sts
