// SPDX-License-Identifier: Apache-2.0
#include "core/mail/tlsrpt/report_plan.hpp"

#include <doctest/doctest.h>

#include "core/mail/tlsrpt/date_time.hpp"
#include "describe.hpp"

using namespace outpost::tlsrpt;
using namespace std::chrono;

namespace {

const sys_days today = year(2026) / 11 / 26;
const sys_days yesterday = today - days(1), before = today - days(2);

DayRow row_of(
    sys_days day, const std::string& recipient, const std::string& policy_domain, bool of_host,
    std::int64_t failures = 0, bool send_report = true
) {
    Result result;
    result.policy.type = of_host ? PolicyType::tlsa : PolicyType::sts;
    result.policy.domain = policy_domain;
    result.of_host = of_host;
    result.successes = 10;
    result.failures = failures;
    return {day, recipient, send_report, result};
}
DayRow domain_row(sys_days day, const std::string& domain, bool send_report = true) {
    return row_of(day, domain, domain, false, 0, send_report);
}
DayRow host_row(
    sys_days day, const std::string& recipient, const std::string& host, std::int64_t failures = 0
) {
    return row_of(day, recipient, host, true, failures);
}

std::vector<std::string> describe(const std::vector<ReportKey>& keys) {
    std::vector<std::string> lines;
    for (const auto& key : keys)
        lines.push_back(
            date_time(key.day).substr(5, 5) + (key.to_host ? " host " : " domain ") + key.domain
        );
    return lines;
}

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("reports go to recipient domains first, then to hosts, older days first") {
    const std::vector<DayRow> rows{
        host_row(yesterday, "b.example", "mx.example"),
        domain_row(yesterday, "b.example"),
        domain_row(yesterday, "a.example"),
        host_row(yesterday, "a.example", "mx.example"),
        host_row(before, "a.example", "mx.example"),
    };
    CHECK(
        describe(due_reports(rows, today)) ==
        Lines{
            "11-24 domain a.example", "11-25 domain a.example", "11-25 domain b.example",
            "11-24 host mx.example", "11-25 host mx.example"
        }
    );
}

TEST_CASE("a day that is not over makes no report") {
    CHECK(due_reports(
              {domain_row(today, "a.example"), domain_row(today + days(1), "a.example")}, today
    )
              .empty());
}

TEST_CASE("rows that are no reason for a report are told all the same where there is one") {
    const std::vector<DayRow> rows{
        domain_row(yesterday, "quiet.example", false), domain_row(yesterday, "a.example"),
        row_of(yesterday, "a.example", "mx.example", true, 0, false)
    };
    CHECK(describe(due_reports(rows, today)) == Lines{"11-25 domain a.example"});
    CHECK(
        describe(policies_for_recipient(rows, {false, yesterday, "a.example"})) ==
        Lines{"domain sts a.example +10 -0", "host tlsa mx.example +10 -0"}
    );
}

TEST_CASE("a recipient domain is told its own policy and its hosts', of that day alone") {
    const std::vector<DayRow> rows{
        domain_row(yesterday, "a.example"), host_row(yesterday, "a.example", "mx1.example"),
        host_row(yesterday, "a.example", "mx2.example", 2),
        host_row(yesterday, "b.example", "mx1.example"),
        host_row(before, "a.example", "mx1.example")
    };
    CHECK(
        describe(policies_for_recipient(rows, {false, yesterday, "a.example"})) ==
        Lines{
            "domain sts a.example +10 -0", "host tlsa mx1.example +10 -0",
            "host tlsa mx2.example +10 -2"
        }
    );
}

TEST_CASE("rows of the very same policy are told as one") {
    const std::vector<DayRow> rows{
        host_row(yesterday, "a.example", "mx.example", 1),
        host_row(yesterday, "a.example", "mx.example", 2)
    };
    CHECK(
        describe(policies_for_recipient(rows, {false, yesterday, "a.example"})) ==
        Lines{"host tlsa mx.example +20 -3"}
    );
}

TEST_CASE("a host is told of every recipient domain, by its name and with the host") {
    const std::vector<DayRow> rows{
        host_row(yesterday, "a.example", "mx.example"),
        host_row(yesterday, "b.example", "mx.example", 3),
        host_row(yesterday, "b.example", "other.example"),
        host_row(before, "b.example", "mx.example"), domain_row(yesterday, "mx.example")
    };
    const auto policies =
        policies_for_host(rows, {true, yesterday, "mx.example"}, {"mailto:t@mx.example"}, {});
    CHECK(describe(policies) == Lines{"host tlsa a.example +10 -0", "host tlsa b.example +10 -3"});
    for (const auto& result : policies)
        CHECK(result.policy.mx_hosts == Lines{"mx.example"});
}

TEST_CASE("a host is not told what its readers know from a recipient's report of that day") {
    const std::vector<DayRow> rows{
        host_row(yesterday, "a.example", "mx.example"),
        host_row(yesterday, "b.example", "mx.example"),
        host_row(yesterday, "c.example", "mx.example"),
        host_row(yesterday, "d.example", "mx.example")
    };
    const Places places{"mailto:t@mx.example", "https://mx.example/"};
    const SentReports sent{
        {{yesterday, "a.example"}, places},
        {{yesterday, "b.example"}, {"mailto:t@mx.example"}},
        {{before, "c.example"}, places},
    };
    CHECK(
        describe(policies_for_host(rows, {true, yesterday, "mx.example"}, places, sent)) ==
        Lines{
            "host tlsa b.example +10 -0", "host tlsa c.example +10 -0", "host tlsa d.example +10 -0"
        }
    );
    CHECK(policies_for_host({rows[0]}, {true, yesterday, "mx.example"}, places, sent).empty());
}

TEST_CASE("a domain that is its own host gets one report") {
    const std::vector<DayRow> rows{
        domain_row(yesterday, "a.example"), host_row(yesterday, "a.example", "a.example"),
        host_row(yesterday, "b.example", "a.example")
    };
    CHECK(describe(due_reports({rows[0], rows[1]}, today)) == Lines{"11-25 domain a.example"});
    CHECK(
        describe(policies_for_host(rows, {true, yesterday, "a.example"}, {}, {})) ==
        Lines{"host tlsa b.example +10 -0"}
    );
}

TEST_CASE("reports are worth sending when something went wrong, or successes are wanted too") {
    auto good = domain_row(yesterday, "a.example").result;
    auto failed = good, troubled = good;
    failed.failures = 1;
    troubled.details = {detail(ResultType::certificate_not_trusted, "self-signed", 1)};
    CHECK_FALSE(is_worth_sending({}, true));
    CHECK_FALSE(is_worth_sending({good}, false));
    CHECK(is_worth_sending({good}, true));
    CHECK(is_worth_sending({good, failed}, false));
    CHECK(is_worth_sending({troubled, good}, false));
}

TEST_CASE("a report that is made late has the period and id of its own day") {
    const auto report =
        make_report({false, before, "a.example"}, "out.example", "tls@out.example", {});
    CHECK(report.report_id == "20261124.a.example@out.example");
    CHECK(date_time(report.begin) == "2026-11-24T00:00:00Z");
    CHECK(date_time(report.end) == "2026-11-24T23:59:59Z");
    CHECK(report.organization_name == "out.example");
    CHECK(report.contact_info == "tls@out.example");
}

TEST_CASE("a domain's reports as a recipient and for its hosts have different ids") {
    CHECK(
        make_report({true, yesterday, "a.example"}, "out.example", "", {}).report_id ==
        "20261125-mx.a.example@out.example"
    );
}
