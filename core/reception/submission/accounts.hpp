// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <map>
#include <optional>
#include <string>

#include "core/reception/submission/settings.hpp"

namespace outpost::submission {

/// The accounts of one configuration. Immutable, so thread-safe.
class Accounts {
  public:
    explicit Accounts(std::map<std::string, AccountSettings> accounts);

    const AccountSettings* find(const std::string& account) const;
    /// The account that a login name belongs to.
    std::optional<std::string> account_of(const std::string& login) const;
    /// What to check a login against: for a name that nobody has, or that has no credential, a
    /// decoy that nothing fits and that cannot be told from a real one.
    sasl::StoredCredential credential(const std::string& login) const;
    /// Whether the account may use this envelope sender. The null sender is anyone's: it is how
    /// replies by programs are sent (RFC 3834 section 3.3).
    bool may_send_as(const std::string& account, const mail::Address& sender) const;

  private:
    std::map<std::string, AccountSettings> accounts_;
    std::map<std::string, std::string> by_login_;
    unsigned decoy_iterations_ = sasl::min_iterations;  ///< what checking a real login costs
};

}  // namespace outpost::submission
