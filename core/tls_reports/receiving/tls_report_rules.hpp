// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/foundation/base/result.hpp"
#include "core/mail/authentication/verdicts.hpp"
#include "core/net/sockets/endpoint.hpp"
#include "core/tls_reports/receiving/tls_report.hpp"
#include "core/tls_reports/receiving/tls_report_store.hpp"

/// Whose reports are taken, and what of them is kept. Pure.
namespace outpost::tls_report_receiving {

/// What became of a report.
struct ReportOutcome {
    enum class Kind {
        stored,
        duplicate,
        not_signed,  ///< no signature that may count (mail alone)
        no_answer,   ///< the key of one could not be looked up: perhaps later
        unreadable,  ///< no report, or not one that can be read
        too_large,
        not_ours,   ///< it speaks of none of our domains and hosts
        over_quota  ///< too much from there today
    };
    Kind kind = Kind::stored;
    std::string status;  ///< enhanced status of the refusal, such as "5.7.20" (RFC 3463, RFC 7372)
    std::string reason;  ///< a sentence for the sender
};
std::string_view text(ReportOutcome::Kind kind) noexcept;  ///< "over-quota"

/// The author's domain, if a signature speaks for it (RFC 8460 section 3): one that passes, whose
/// d= is that domain or above it in the same organizational domain, without l=, with a key for
/// "tlsrpt", by a domain that does not only test. The refusal says what the best one lacks.
Result<dns::Domain, ReportOutcome> report_author(const authentication::Verdicts& verdicts);

/// Policy domains that reports may be about; A-labels.
struct ReportScope {
    std::set<std::string> domains;  ///< that we send for
    std::set<std::string> hosts;    ///< names of our hosts
};

/// Reads a report, and takes what it says of our domains: the texts that it is known by, its
/// period, its policies. What is left to the caller: the way it came.
Result<TlsReport, ReportOutcome> read_report(const std::string& json, const ReportScope& scope);

/// What a sender may have kept in a day, so that nobody fills the disk: by mail each organizational
/// domain 1000 reports of 100 MiB in all; by HTTPS, where nobody is known, each network (/24, /48)
/// 100 of 20 MiB, and all together 2000 of 200 MiB.
std::vector<ReportQuota> mail_quotas(const dns::Domain& author);
std::vector<ReportQuota> https_quotas(const net::IpAddress& client);

}  // namespace outpost::tls_report_receiving
