// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>

#include "core/mail/authentication/dkim/signer.hpp"
#include "core/reception/submission/accounts.hpp"

namespace outpost::submission {

/// Signs mail of accounts, each with the signatures of addresses that it may send from. Whoever has
/// no account is trusted to write as anyone. Null when no domain signs.
std::shared_ptr<const dkim::Signer> make_signer(
    dkim::Signer::Domains domains, std::shared_ptr<const Accounts> accounts
);

}  // namespace outpost::submission
