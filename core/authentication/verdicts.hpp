// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <vector>

#include "core/authentication/dmarc.hpp"
#include "core/authentication/iprev.hpp"
#include "core/dkim/verify.hpp"
#include "core/spf/check.hpp"

namespace outpost::authentication {

/// All that can be said of where one received message comes from. Each part carries the DNSSEC
/// status of the look-ups that it rests on.
struct Verdicts {
    IprevResult iprev;
    spf::Outcome helo;
    std::optional<spf::Outcome> mail_from;    ///< none for the null reverse-path: `helo` counts
    std::vector<dkim::SignatureResult> dkim;  ///< the first few from the top; empty: not signed
    DmarcResult dmarc;

    /// The verdict that DMARC takes.
    const spf::Outcome& spf() const noexcept { return mail_from ? *mail_from : helo; }
};

}  // namespace outpost::authentication
