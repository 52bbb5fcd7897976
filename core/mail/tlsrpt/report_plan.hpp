// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <compare>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/mail/tlsrpt/report.hpp"
#include "core/mail/tlsrpt/result.hpp"

/// Which reports follow from the stored results. Pure.
///
/// Recipient domains come first: what one of them was told is not told again to the domains of its
/// MX hosts, if the same people read those reports. All names are A-labels.
namespace outpost::tlsrpt {

/// The results of one policy for mail to a domain on one UTC day.
struct DayRow {
    std::chrono::sys_days day;
    std::string recipient_domain;
    /// A reason to report. Without it (deliveries of reports themselves) the row is only reported
    /// along with other rows.
    bool send_report = false;
    Result result;
};

/// One report: of a day, to a recipient domain, or to a policy domain of MX hosts (the TLSA base
/// domain). Their order is the order in which to send.
struct ReportKey {
    bool to_host = false;
    std::chrono::sys_days day;
    std::string domain;
    auto operator<=>(const ReportKey&) const = default;
};

/// The places that a domain's record names, as text.
using Places = std::set<std::string>;
/// Where the reports of days and recipient domains went.
using SentReports = std::map<std::pair<std::chrono::sys_days, std::string>, Places>;

/// The reports to make for days before `today`, in order.
std::vector<ReportKey> due_reports(const std::vector<DayRow>& rows, std::chrono::sys_days today);

/// What to tell a recipient domain: its own policy's results and those of all its MX hosts.
std::vector<Result> policies_for_recipient(const std::vector<DayRow>& rows, const ReportKey& key);

/// What to tell a domain of MX hosts that wants its reports at `places`: its hosts' results for
/// every recipient domain, each under the recipient's name with the host as "mx-host". Without
/// those that the recipient's own report told at the very same places, and without what the domain
/// was told as a recipient. Nothing left: no report.
std::vector<Result> policies_for_host(
    const std::vector<DayRow>& rows, const ReportKey& key, const Places& places,
    const SentReports& sent
);

/// Whether something went wrong; reports without failures go only where they are configured to.
bool is_worth_sending(const std::vector<Result>& policies, bool successes_too);

/// The report with the period and the id of its own day, however late it is made. The id is always
/// the same, so that a receiver recognizes a report that it has already.
Report make_report(
    const ReportKey& key, const std::string& submitter, const std::string& contact,
    std::vector<Result> policies
);

}  // namespace outpost::tlsrpt
