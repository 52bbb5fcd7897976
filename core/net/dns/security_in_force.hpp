// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "core/net/dns/settings.hpp"

namespace outpost::dns {

/// What the settings mean with the servers at hand.
struct SecurityInForce {
    SecurityMode mode = SecurityMode::none;  ///< never `automatic`
    /// `validate` without being configured: with servers that hand on no signatures, answers are
    /// indeterminate, not bogus.
    bool lenient = false;
    std::string words;      ///< for the log
    bool worrying = false;  ///< log it as a warning
};

/// Pure.
SecurityInForce security_in_force(
    const Settings& settings, const std::vector<net::Endpoint>& servers
);

}  // namespace outpost::dns
