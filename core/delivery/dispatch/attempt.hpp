// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/delivery/dispatch/allowances.hpp"
#include "core/delivery/dispatch/content_memory.hpp"
#include "core/delivery/dispatch/counters.hpp"
#include "core/delivery/dispatch/gate.hpp"
#include "core/delivery/dispatch/parcel.hpp"
#include "core/delivery/dispatch/settings.hpp"
#include "core/delivery/dispatch/suspects.hpp"
#include "core/delivery/queue/suppressions.hpp"
#include "core/tls_reports/results/tally.hpp"

namespace outpost::dispatch {

/// What attempts use of the node. All of it is thread-safe and outlives them.
struct AttemptParts {
    queue::QueueStore& store;
    queue::Suppressions& suppressions;
    dns::Resolver& resolver;
    net::Dialer& dialer;
    Allowances& allowances;
    ContentMemory& memory;
    Suspects& suspects;
    Counters& counters;
    const std::function<void(const delivery::Learned&)>& on_learned;
    const Settings& settings;
};

/// What came of an attempt: for each claim either a settlement or, untried, its lease to give back.
struct AttemptResult {
    std::vector<queue::Settled> settled;
    std::vector<queue::Lease> untried;
    std::optional<std::chrono::seconds>
        untried_pause;                       ///< before these are due again; none: at once
    std::optional<std::string> unreachable;  ///< no host was reached at all: the last words
};

/// Makes one attempt: fails those whose address is suppressed, loads the content, tries the
/// transports of the decision in order while none can be reached, and says what becomes of each
/// recipient. Records nothing but progress, and throws only what the store throws while loading.
awaitable<AttemptResult> attempt(
    const Parcel& parcel, Gate& gate, const AttemptParts& parts, std::size_t loop
);

/// The outcomes of recipients whose destination rests: deferred without a connection of their own.
std::vector<queue::Settled> defer_resting(
    const Parcel& parcel, const std::string& reason, WallTime now
);
/// The outcome of a recipient whose route could not be chosen (its MX hosts are not known for now).
queue::Settled defer_unrouted(
    SnapshotPtr snapshot, std::shared_ptr<const route::Decision> decision, queue::Claimed claim,
    WallTime now
);

}  // namespace outpost::dispatch
