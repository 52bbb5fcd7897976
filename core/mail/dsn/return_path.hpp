// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>

#include "core/foundation/base/ids.hpp"
#include "core/foundation/base/secret.hpp"
#include "core/mail/message/address.hpp"
#include "core/net/dns/domain.hpp"

/// Bounces: mail that comes back to the return paths of mail that we sent.
namespace outpost::dsn {

/// The variable envelope return path (VERP) of one recipient: an address at the bounce domain whose
/// local part names it, so that a bounce says without guessing which recipient it is about. It is
/// signed: nobody without the secret can make one up, although a receiver of the mail has seen its
/// own.
///
/// The local part is 47 octets of letters, digits and a hyphen, and case does not matter: it
/// survives systems that rewrite it, and fits into the 64 octets of RFC 5321 section 4.5.3.1.1. The
/// same recipient has the same return path at each attempt, on each node.
mail::Address make_return_path(
    RecipientKey recipient, const dns::Domain& domain, const Secret& secret
);

/// The recipient that a return path names; none for any address that make_return_path() did not
/// make with this secret (and this domain, which is signed too). Does not check whether the
/// recipient is still known.
std::optional<RecipientKey> parse_return_path(const mail::Address& address, const Secret& secret);

/// Return paths as the configuration has them: one domain and one secret for all nodes.
struct ReturnPaths {
    dns::Domain domain;
    Secret secret;

    mail::Address of(RecipientKey recipient) const {
        return make_return_path(recipient, domain, secret);
    }
    /// None for an address at another domain, even if it was a return path there.
    std::optional<RecipientKey> recipient_of(const mail::Address& address) const {
        if (address.domain() != domain) return std::nullopt;
        return parse_return_path(address, secret);
    }
};

}  // namespace outpost::dsn
