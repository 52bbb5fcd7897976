// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>

#include "core/mail/authentication/dkim/signer.hpp"
#include "core/mail/message/address.hpp"

namespace outpost::tls_reports {

/// Whose reports they are (RFC 8460 section 3): a domain of ours that signs.
struct Submitter {
    dns::Domain domain;
    dkim::DomainSettings signing;

    /// Who wrote the mails, and whom to ask about a report.
    mail::Address postmaster() const;
};

/// The domain that is wanted; if none is, the first of the host name and the domains above it that
/// signs. None: that domain does not sign, or nobody does.
std::optional<Submitter> choose_submitter(
    const dns::Domain& wanted, const dns::Domain& hostname, const dkim::Signer::Domains& signing
);

}  // namespace outpost::tls_reports
