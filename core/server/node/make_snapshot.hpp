// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
#include <string>

#include "core/delivery/dispatch/snapshot.hpp"
#include "core/delivery/interface/security_policy.hpp"
#include "core/server/settings/load.hpp"

namespace outpost::server {

/// Makes one transport, with the policies of direct delivery. Throws std::runtime_error that says
/// why it cannot be made (a certificate file, a plugin that is not there).
using TransportMaker = std::function<
    delivery::
        TransportPtr(const Settings& all, const std::string& name, const delivery::TransportSettings&, const delivery::SecurityPolicies&)>;

/// What the dispatcher needs of a configuration.
dispatch::SnapshotPtr make_snapshot(
    const Loaded& loaded, const TransportMaker& make, const delivery::SecurityPolicies& policies
);

}  // namespace outpost::server
