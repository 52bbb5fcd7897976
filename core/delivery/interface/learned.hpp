// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <string>

#include "core/delivery/interface/security_evidence.hpp"
#include "core/foundation/base/clock.hpp"

namespace outpost::delivery {

/// What one attempt learned, and with whose message.
struct Learned {
    std::shared_ptr<const SecurityEvidence> evidence;
    std::string account;
    WallTime at{};  ///< the end of the attempt, by the queue's clock
    /// Whether it is a reason to send TLS reports. False for messages that are such reports, or
    /// they would cause each other for ever.
    bool causes_report = true;
};

}  // namespace outpost::delivery
