// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <compare>
#include <optional>

namespace outpost::delivery {

/// How a security policy is to act.
enum class PolicyMode {
    off,    ///< it is not asked
    watch,  ///< it is checked and recorded ("would have failed"), and stops nothing
    enforce,
    require  ///< DANE: as `enforce`, and hosts without usable TLSA records are not used
};

/// What a route says of the policies; unset: as the configuration has it for all mail.
struct PolicyModes {
    std::optional<PolicyMode> dane, mta_sts;
    auto operator<=>(const PolicyModes&) const = default;
};

}  // namespace outpost::delivery
