// SPDX-License-Identifier: Apache-2.0
#include "core/reception/submission/accounts.hpp"

#include <algorithm>

#include "core/foundation/base/crypto.hpp"
#include "core/foundation/base/encoding.hpp"

namespace outpost::submission {
namespace {

/// Decoys must look the same each time for the same name: one secret for the life of the process,
/// whatever is reloaded meanwhile.
const std::string& decoy_secret() {
    static const std::string secret = crypto::random_bytes(32);
    return secret;
}

/// Local parts are compared without regard to case here: nobody owns "Joe" but not "joe".
bool same_mailbox(const mail::Address& a, const mail::Address& b) {
    return a.domain() == b.domain() && a.literal() == b.literal() && iequals(a.local(), b.local());
}

}  // namespace

Accounts::Accounts(std::map<std::string, AccountSettings> accounts)
    : accounts_(std::move(accounts)) {
    for (const auto& [name, settings] : accounts_) {
        for (const auto& login : settings.logins)
            by_login_.emplace(login, name);
    }
    for (const auto& [name, settings] : accounts_) {
        by_login_[name] = name;
        for (const auto& verifier : settings.credential.verifiers) {
            decoy_iterations_ = std::max(decoy_iterations_, verifier.iterations);
        }
    }
}

const AccountSettings* Accounts::find(const std::string& account) const {
    const auto found = accounts_.find(account);
    return found == accounts_.end() ? nullptr : &found->second;
}

std::optional<std::string> Accounts::account_of(const std::string& login) const {
    const auto found = by_login_.find(login);
    if (found == by_login_.end()) return std::nullopt;
    return found->second;
}

sasl::StoredCredential Accounts::credential(const std::string& login) const {
    const auto account = account_of(login);
    if (account && !accounts_.at(*account).credential.verifiers.empty()) {
        return accounts_.at(*account).credential;
    }
    return sasl::decoy_credential(login, decoy_secret(), decoy_iterations_);
}

bool Accounts::may_send_as(const std::string& account, const mail::Address& sender) const {
    const auto* settings = find(account);
    if (!settings) return false;
    if (settings->any_sender || sender.is_null()) return true;
    const bool own_domain =
        !sender.domain().empty() &&
        std::find(settings->domains.begin(), settings->domains.end(), sender.domain()) !=
            settings->domains.end();
    return own_domain || std::any_of(
                             settings->addresses.begin(), settings->addresses.end(),
                             [&](const auto& own) { return same_mailbox(own, sender); }
                         );
}

}  // namespace outpost::submission
