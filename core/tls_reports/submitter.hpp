// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>

#include "core/dkim/signer.hpp"
#include "core/mail/address.hpp"

namespace outpost::tls_reports {

/// Whose reports they are (RFC 8460 section 3): a domain of ours that signs.
struct Submitter {
    mail::Domain domain;
    dkim::DomainSettings signing;

    /// Who wrote the mails, and whom to ask about a report.
    mail::Address postmaster() const;
};

/// The domain that is wanted; if none is, the first of the host name and the domains above it that
/// signs. None: that domain does not sign, or nobody does.
std::optional<Submitter> choose_submitter(
    const mail::Domain& wanted, const mail::Domain& hostname, const dkim::Signer::Domains& signing
);

}  // namespace outpost::tls_reports
