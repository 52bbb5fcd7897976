// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <compare>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace outpost::delivery {

/// How a security policy is to act.
enum class PolicyMode {
    off,    ///< it is not asked
    watch,  ///< it is checked and recorded ("would have failed"), and stops nothing
    enforce,
    require  ///< as `enforce`, and hosts for which it finds nothing are not used
};

/// What a route says of the policies, each by its key in the configuration; those left out act as
/// the configuration has it for all mail.
class PolicyModes {
  public:
    std::optional<PolicyMode> of(std::string_view policy) const {
        const auto found = modes_.find(policy);
        return found == modes_.end() ? std::nullopt : std::optional(found->second);
    }
    void set(std::string_view policy, std::optional<PolicyMode> mode) {
        if (mode)
            modes_.insert_or_assign(std::string(policy), *mode);
        else
            modes_.erase(std::string(policy));
    }
    auto operator<=>(const PolicyModes&) const = default;

  private:
    std::map<std::string, PolicyMode, std::less<>> modes_;
};

}  // namespace outpost::delivery
