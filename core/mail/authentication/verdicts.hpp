// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <vector>

#include "core/mail/authentication/dkim/verify.hpp"
#include "core/mail/authentication/dmarc.hpp"
#include "core/mail/authentication/iprev.hpp"
#include "core/mail/authentication/spf/check.hpp"

namespace outpost::authentication {

/// All that is known of the origin of one received message. Each part carries the DNSSEC status of
/// the look-ups behind it.
struct Verdicts {
    IprevResult iprev;
    spf::Outcome helo;
    std::optional<spf::Outcome> mail_from;    ///< none for the null reverse-path: `helo` counts
    std::vector<dkim::SignatureResult> dkim;  ///< the first few from the top; empty: not signed
    DmarcResult dmarc;

    /// The SPF verdict that DMARC uses.
    const spf::Outcome& spf() const noexcept { return mail_from ? *mail_from : helo; }
};

}  // namespace outpost::authentication
