// SPDX-License-Identifier: Apache-2.0
#include "core/tls_reports/receiving/tls_report_intake.hpp"

#include <utility>

#include "core/foundation/async/promise.hpp"

namespace outpost::tls_report_receiving {
namespace {

using Kind = ReportOutcome::Kind;
using Origin = TlsReportIntake::Origin;
using tlsrpt::NoReport;

ReportOutcome refusal(NoReport why) {
    const bool large = why == NoReport::too_large || why == NoReport::bomb;
    return {
        large ? Kind::too_large : Kind::unreadable, large ? "5.3.4" : "5.6.0",
        std::string(tlsrpt::text(why))
    };
}

/// What is to be kept, but for the header, which nothing is read from.
Result<TlsReport, ReportOutcome> prepare(
    const TlsReportIntake::Text& text, const ReportScope& scope
) {
    const auto json = text();
    if (!json) return Err{refusal(json.error())};
    return read_report(*json, scope);
}

void add_origin(TlsReport& report, Origin origin) {
    report.way = origin.way;
    report.submitter = origin.way == ReportWay::mail ? origin.from_domain : report.organization;
    report.from_domain = std::move(origin.from_domain);
    report.mail_from = std::move(origin.mail_from);
    report.client = std::move(origin.client);
    report.header = std::move(origin.header);
}

ReportOutcome outcome_of(Kept kept) {
    if (kept == Kept::fresh) return {Kind::stored, "2.0.0", "the report is kept"};
    if (kept == Kept::duplicate) return {Kind::duplicate, "2.0.0", "the report is known already"};
    return {Kind::over_quota, "4.7.28", "too many reports, or too large ones, from there today"};
}

}  // namespace

TlsReportIntake::~TlsReportIntake() {
    reading_.stop();
    reading_.join();
}

awaitable<ReportOutcome> TlsReportIntake::take(
    Text text, Origin origin, std::shared_ptr<const ReportScope> scope
) {
    const ReportWay way = origin.way;
    const auto work = [text = std::move(text), scope = std::move(scope)] {
        return prepare(text, *scope);
    };
    auto report = co_await on_pool(reading_, work);
    if (!report) {
        count(way, report.error().kind);
        co_return std::move(report).error();
    }
    auto quotas = std::move(origin.quotas);
    add_origin(*report, std::move(origin));
    const auto sessions = sessions_in(*report);
    const Kept kept = co_await store_.keep(std::move(*report), std::move(quotas));
    auto outcome = outcome_of(kept);
    count(way, outcome.kind);
    if (kept == Kept::fresh) count(sessions);
    co_return outcome;
}

void TlsReportIntake::count(ReportWay way, Kind kind) {
    metrics_
        .counter(
            "outpost_tls_reports_received_total",
            "TLS reports that others sent, by what became of them",
            {{"way", std::string(text(way))}, {"outcome", std::string(text(kind))}}
        )
        .add();
}

TlsReportIntake::Sessions TlsReportIntake::sessions_in(const TlsReport& report) {
    Sessions sessions;
    for (const ReportedPolicy& policy : report.policies) {
        sessions["success"] += policy.successes;
        for (const auto& failure : policy.details) {
            const bool known = tlsrpt::parse_result_type(failure.type).has_value();
            sessions[known ? failure.type : "other"] += failure.detail.sessions;
        }
    }
    return sessions;
}

void TlsReportIntake::count(const Sessions& sessions) {
    for (const auto& [type, count] : sessions) {
        metrics_
            .counter(
                "outpost_tls_report_sessions_total",
                "Sessions that kept TLS reports of others tell of: success, or the type of failure",
                {{"type", type}}
            )
            .add(static_cast<std::uint64_t>(count));
    }
}

}  // namespace outpost::tls_report_receiving
