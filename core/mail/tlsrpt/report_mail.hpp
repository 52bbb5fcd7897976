// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <vector>

#include "core/foundation/base/clock.hpp"
#include "core/mail/message/address.hpp"
#include "core/mail/message/content.hpp"
#include "core/mail/tlsrpt/report.hpp"
#include "core/net/dns/domain.hpp"

namespace outpost::tlsrpt {

/// What the mail says beside its report.
struct ReportMail {
    dns::Domain domain;     ///< that the report is about, and whose record asked for it
    dns::Domain submitter;  ///< that signs the mail (RFC 8460 section 3)
    mail::Address from;
    std::vector<mail::Address> to;  ///< all that get it; at least one
    WallTime now{};
};

/// The mail that carries a report (RFC 8460 section 5.3), still to be signed. It is to arrive even
/// where TLS is broken, since that is what it tells: "TLS-Required: No" (RFC 8689 section 5).
mail::Content compose_report_mail(const Report& report, const ReportMail& about);

}  // namespace outpost::tlsrpt
