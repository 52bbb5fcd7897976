// SPDX-License-Identifier: Apache-2.0
#include "core/delivery/dispatch/router.hpp"

#include <map>
#include <utility>

#include "core/foundation/base/log.hpp"

// From claimed recipients to requests:
//
// 1. A fresh message's body is charged to the budget, or dropped and read again later.
// 2. An operator's transport, or the routes, decide for each recipient (routing.cpp).
// 3. Routes that ask for MX hosts or header fields wait for those, a message's recipients of one
//    domain together. MX hosts that cannot be looked up: deferred. The header cannot be read: given
//    back.
// 4. Recipients of one message with one way are grouped into requests (grouping.cpp).
namespace outpost::dispatch {
namespace {

/// How soon recipients are due again when this node could not find out how to route them.
constexpr std::chrono::seconds lookup_pause{30};
constexpr std::chrono::seconds longest_lookup{30};

}  // namespace

void Router::accept(std::vector<queue::Claimed> claims) {
    if (shared_.draining) return closing_.give_back(claims, std::nullopt);
    std::vector<Routed> routed;
    std::map<std::pair<MessageId, dns::Domain>, std::pair<Needs, std::vector<queue::Claimed>>>
        with_lookups;
    std::map<MessageId, MessagePtr> envelopes;
    for (auto& claim : claims) {
        auto& envelope = envelopes[claim.key.message];
        if (!envelope) envelope = bodies_.keep(claim.envelope);
        claim.envelope = envelope;
        const auto needs = needs_of(*shared_.snapshot, claim);
        if (!needs.any()) {
            auto decision = decide(*shared_.snapshot, claim, std::nullopt);
            routed.push_back({std::move(claim), std::move(decision)});
            continue;
        }
        auto& waiting = with_lookups[{claim.key.message, claim.recipient.address.domain()}];
        waiting.first = {waiting.first.mx || needs.mx, waiting.first.header || needs.header};
        waiting.second.push_back(std::move(claim));
    }
    for (auto& [key, waiting] : with_lookups) {
        shared_.tasks.spawn(
            "routing", shared_.executor,
            look_up(shared_.snapshot, std::move(waiting.second), waiting.first)
        );
    }
    hand_on(shared_.snapshot, std::move(routed));
}

void Router::hand_on(const SnapshotPtr& snapshot, std::vector<Routed> routed) {
    runner_.place(group(snapshot, std::move(routed), shared_.settings.recipients_per_delivery));
    runner_.pump();
}

awaitable<void> Router::look_up(
    SnapshotPtr snapshot, std::vector<queue::Claimed> claims, Needs needs
) {
    std::string fault;
    try {
        co_await route_with_lookups(snapshot, claims, needs);
        co_return;
    } catch (const std::exception& error) {
        fault = error.what();
    }
    log::warning(
        "dispatch", "message={} could not be routed: {}", to_number(claims.front().key.message),
        fault
    );
    closing_.give_back(claims, lookup_pause);
}

awaitable<void> Router::route_with_lookups(
    const SnapshotPtr& snapshot, std::vector<queue::Claimed>& claims, Needs needs
) {
    std::optional<std::vector<std::string>> mx_hosts;
    if (needs.mx) {
        const auto domain = claims.front().recipient.address.domain();
        mx_hosts = co_await look_up_mx(resolver_, domain, Deadline::in(longest_lookup));
    }
    MessagePtr loaded;
    if (needs.header) loaded = co_await shared_.store.load_header(claims.front().key.message);
    const auto kept = claims.front().envelope;
    std::vector<Routed> routed;
    std::vector<queue::Settled> open;
    for (auto claim : claims) {
        if (loaded) claim.envelope = loaded;
        auto decision = decide(*snapshot, claim, mx_hosts);
        claim.envelope = kept;
        if (decision->open) {
            open.push_back(
                defer_unrouted(snapshot, std::move(decision), std::move(claim), shared_.store.now())
            );
        } else {
            routed.push_back({std::move(claim), std::move(decision)});
        }
    }
    if (!open.empty()) closing_.record(std::move(open));
    hand_on(snapshot, std::move(routed));
}

}  // namespace outpost::dispatch
