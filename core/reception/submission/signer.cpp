// SPDX-License-Identifier: Apache-2.0
#include "core/reception/submission/signer.hpp"

#include <utility>

namespace outpost::submission {

std::shared_ptr<const dkim::Signer> make_signer(
    dkim::Signer::Domains domains, std::shared_ptr<const Accounts> accounts
) {
    if (domains.empty()) return nullptr;
    return std::make_shared<const dkim::Signer>(
        std::move(domains),
        [accounts = std::move(accounts)](const std::string& account, const mail::Address& address) {
            return account.empty() || accounts->may_send_as(account, address);
        }
    );
}

}  // namespace outpost::submission
