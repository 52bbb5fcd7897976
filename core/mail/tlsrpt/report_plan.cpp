// SPDX-License-Identifier: Apache-2.0
#include "core/mail/tlsrpt/report_plan.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/mail/tlsrpt/merge.hpp"

namespace outpost::tlsrpt {
namespace {

using std::chrono::sys_days;

/// A domain without MX is its own host: its report as a recipient tells all of it.
bool is_told_to_host(const DayRow& row) {
    return row.result.of_host && row.result.policy.domain != row.recipient_domain;
}

bool belongs(const DayRow& row, const ReportKey& key) {
    if (row.day != key.day) return false;
    if (!key.to_host) return row.recipient_domain == key.domain;
    return is_told_to_host(row) && row.result.policy.domain == key.domain;
}

bool was_told(const DayRow& row, const Places& places, const SentReports& sent) {
    const auto report = sent.find({row.day, row.recipient_domain});
    return report != sent.end() && report->second == places;
}

/// From the host's point of view: which domain's mail it is about, and which of its hosts.
Result seen_by_host(const DayRow& row) {
    Result result = row.result;
    result.policy.domain = row.recipient_domain;
    result.policy.mx_hosts = {row.result.policy.domain};
    return result;
}

/// "20261125", in ids.
std::string compact(sys_days day) {
    const std::chrono::year_month_day date(day);
    return fmt::format(
        "{:04}{:02}{:02}", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
        static_cast<unsigned>(date.day())
    );
}

}  // namespace

std::vector<ReportKey> due_reports(const std::vector<DayRow>& rows, sys_days today) {
    std::set<ReportKey> due;
    for (const DayRow& row : rows) {
        if (!row.send_report || row.day >= today) continue;
        due.insert({false, row.day, row.recipient_domain});
        if (is_told_to_host(row)) due.insert({true, row.day, row.result.policy.domain});
    }
    return {due.begin(), due.end()};
}

std::vector<Result> policies_for_recipient(const std::vector<DayRow>& rows, const ReportKey& key) {
    std::vector<Result> policies;
    for (const DayRow& row : rows)
        if (belongs(row, key)) policies.push_back(row.result);
    return merge(std::move(policies), {});
}

std::vector<Result> policies_for_host(
    const std::vector<DayRow>& rows, const ReportKey& key, const Places& places,
    const SentReports& sent
) {
    std::vector<Result> policies;
    for (const DayRow& row : rows)
        if (belongs(row, key) && !was_told(row, places, sent))
            policies.push_back(seen_by_host(row));
    return merge(std::move(policies), {});
}

bool is_worth_sending(const std::vector<Result>& policies, bool successes_too) {
    return std::any_of(policies.begin(), policies.end(), [successes_too](const Result& result) {
        return successes_too || result.failures > 0 || !result.details.empty();
    });
}

Report make_report(
    const ReportKey& key, const std::string& submitter, const std::string& contact,
    std::vector<Result> policies
) {
    Report report;
    report.organization_name = submitter;
    report.contact_info = contact;
    // A domain may get one report as a recipient and one for its hosts.
    report.report_id = fmt::format(
        "{}{}.{}@{}", compact(key.day), key.to_host ? "-mx" : "", key.domain, submitter
    );
    report.begin = key.day;
    report.end = key.day + std::chrono::days(1) - std::chrono::seconds(1);
    report.policies = std::move(policies);
    return report;
}

}  // namespace outpost::tlsrpt
