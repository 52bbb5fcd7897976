// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/foundation/async/awaitable.hpp"
#include "core/foundation/async/deadline.hpp"
#include "core/foundation/base/result.hpp"
#include "core/mail/authentication/dkim/verify.hpp"
#include "core/mail/authentication/dmarc_record.hpp"
#include "core/mail/authentication/spf/check.hpp"
#include "core/mail/message/header.hpp"
#include "core/net/dns/domain.hpp"
#include "core/net/dns/resolver.hpp"

namespace outpost::authentication {

/// RFC 7489 section 11.2.
enum class DmarcStatus { none, pass, fail, temperror, permerror };
std::string_view text(DmarcStatus status) noexcept;

struct DmarcResult {
    DmarcStatus status = DmarcStatus::none;
    dns::Domain from;                   ///< the author's domain; empty: no single one
    std::optional<DmarcPolicy> policy;  ///< what its record asks for such mail, sp= included
    std::string reason;                 ///< for people, why there is no verdict
    /// Of the weakest look-up that the verdict rests on: the record's, and for a pass those of the
    /// best identity that is aligned, else those of all that are.
    dns::Security security = dns::Security::indeterminate;
};

/// The domain of the author: there must be one From field, whose addresses share it (section
/// 6.6.1). The error is a sentence.
Result<dns::Domain> author_domain(const mail::Header& header);

/// Whether two domains are aligned (section 3.1).
bool is_aligned(const dns::Domain& authenticated, const dns::Domain& from, Alignment alignment);

/// `spf`: of the reverse-path, of HELO when that is null. A signature by a domain that only tests
/// does not count.
awaitable<DmarcResult> check_dmarc(
    Result<dns::Domain> from, spf::Outcome spf, std::vector<dkim::SignatureResult> signatures,
    dns::Resolver& resolver, Deadline deadline
);

}  // namespace outpost::authentication
