// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "core/domains/check/check.hpp"
#include "core/server/settings/settings.hpp"

namespace outpost::server {

/// What to look things up with, as deliveries do. `connect`: a policy host and mail servers, too.
domain_check::Tools check_tools(const Settings& settings, bool connect);

/// Addresses that are ours for all that is known: of listeners, and of this machine.
std::vector<net::IpAddress> known_addresses(const Settings& settings);

}  // namespace outpost::server
