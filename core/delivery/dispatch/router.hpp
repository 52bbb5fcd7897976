// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <vector>

#include "core/delivery/dispatch/bodies.hpp"
#include "core/delivery/dispatch/closing.hpp"
#include "core/delivery/dispatch/routing.hpp"
#include "core/delivery/dispatch/runner.hpp"
#include "core/delivery/dispatch/shared.hpp"

namespace outpost::dispatch {

/// Decides the way of claimed recipients by the routes, and hands them to the runner as requests.
/// Lives on the first loop.
class Router {
  public:
    Router(
        Shared& shared, Bodies& bodies, dns::Resolver& resolver, Closing& closing, Runner& runner
    )
        : shared_(shared),
          bodies_(bodies),
          resolver_(resolver),
          closing_(closing),
          runner_(runner) {}

    void accept(std::vector<queue::Claimed> claims);

  private:
    awaitable<void> look_up(SnapshotPtr snapshot, std::vector<queue::Claimed> claims, Needs needs);
    awaitable<void> route_with_lookups(
        const SnapshotPtr& snapshot, std::vector<queue::Claimed>& claims, Needs needs
    );
    void hand_on(const SnapshotPtr& snapshot, std::vector<Routed> routed);

    Shared& shared_;
    Bodies& bodies_;
    dns::Resolver& resolver_;
    Closing& closing_;
    Runner& runner_;
};

}  // namespace outpost::dispatch
