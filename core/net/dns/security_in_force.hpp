// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "core/net/dns/settings.hpp"

namespace outpost::dns {

/// What the settings come to with the servers there are.
struct SecurityInForce {
    SecurityMode mode = SecurityMode::none;  ///< never `automatic`
    /// `validate` that nobody asked for: servers that hand on no signatures make answers
    /// indeterminate, not bogus.
    bool lenient = false;
    std::string words;      ///< for the log
    bool worrying = false;  ///< to be logged as a warning
};

/// Pure.
SecurityInForce security_in_force(
    const Settings& settings, const std::vector<net::Endpoint>& servers
);

}  // namespace outpost::dns
