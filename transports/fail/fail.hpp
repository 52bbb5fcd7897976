// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "core/delivery/modules/transport_kind.hpp"

namespace outpost::transports {

/// Refuses everything.
struct FailSettings {
    int code = 554;      ///< 4yz: deferred, 5yz: failed
    std::string status;  ///< enhanced status; empty: 4.7.0 or 5.7.0
    std::string message = "transport refuses all mail";
};

/// Refuses everything with a configured reply: to stop mail to somewhere, or to test what happens
/// then.
delivery::TransportPtr make_fail(FailSettings settings);

/// As the server's list of transports has it.
delivery::TransportKind fail_kind();

}  // namespace outpost::transports
