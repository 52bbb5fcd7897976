// SPDX-License-Identifier: Apache-2.0
#include "core/mail/tlsrpt/report.hpp"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "describe.hpp"

using namespace outpost;
using namespace outpost::tlsrpt;
using namespace std::chrono;
using nlohmann::json;

namespace {

const auto midnight = sys_days(year(2026) / 11 / 25);

Report sample() {
    FailureDetail expired = detail(ResultType::certificate_expired, "notAfter", 3);
    expired.sending_mta_ip = "192.0.2.1";
    expired.receiving_mx_hostname = "mx.bank.example";
    expired.receiving_mx_helo = "gate.bank.example";
    expired.receiving_ip = "2001:db8::25";
    expired.additional_information = "https://outpost.example/why";
    tlsrpt::Result sts{
        {PolicyType::sts, {"version: STSv1", "mode: enforce"}, "bank.example", {"*.bank.example"}},
        false,
        40,
        3,
        {expired, detail(ResultType::starttls_not_supported, "", 1)}
    };
    tlsrpt::Result none{{PolicyType::no_policy_found, {}, "mx.bank.example", {}}, false, 1, 0, {}};
    return {"outpost.example",
            "postmaster@outpost.example",
            "20261125.bank.example@outpost.example",
            midnight,
            midnight + hours(24) - seconds(1),
            {sts, none}};
}

ReceivedReport parsed(const std::string& text, const ReportBounds& bounds = {}) {
    auto report = parse_report(text, bounds);
    if (!report) FAIL(report.error());
    return *report;
}

std::string fault(const std::string& text, const ReportBounds& bounds = {}) {
    const auto report = parse_report(text, bounds);
    REQUIRE_FALSE(report);
    return report.error();
}

/// A report about these policies, otherwise as small as can be.
std::string report_of(const std::string& policies) {
    return R"({"date-range": {"start-datetime": "2026-11-25T00:00:00Z",
        "end-datetime": "2026-11-25T23:59:59Z"}, "policies": )" +
           policies + "}";
}

std::string repeated(const std::string& text, int count) {
    std::string all;
    for (int i = 0; i < count; ++i)
        all += (i ? "," : "") + text;
    return all;
}

}  // namespace

TEST_CASE("a report has the members of RFC 8460 section 4.4 and no others") {
    const auto written = json::parse(write_json(sample()));
    CHECK(written == json::parse(R"({
        "organization-name": "outpost.example",
        "date-range": {"start-datetime": "2026-11-25T00:00:00Z",
                       "end-datetime": "2026-11-25T23:59:59Z"},
        "contact-info": "postmaster@outpost.example",
        "report-id": "20261125.bank.example@outpost.example",
        "policies": [
            {"policy": {"policy-type": "sts",
                        "policy-string": ["version: STSv1", "mode: enforce"],
                        "policy-domain": "bank.example", "mx-host": ["*.bank.example"]},
             "summary": {"total-successful-session-count": 40, "total-failure-session-count": 3},
             "failure-details": [
                {"result-type": "certificate-expired", "sending-mta-ip": "192.0.2.1",
                 "receiving-mx-hostname": "mx.bank.example",
                 "receiving-mx-helo": "gate.bank.example", "receiving-ip": "2001:db8::25",
                 "failed-session-count": 3, "additional-information": "https://outpost.example/why",
                 "failure-reason-code": "notAfter"},
                {"result-type": "starttls-not-supported", "failed-session-count": 1}]},
            {"policy": {"policy-type": "no-policy-found", "policy-string": [],
                        "policy-domain": "mx.bank.example", "mx-host": []},
             "summary": {"total-successful-session-count": 1, "total-failure-session-count": 0},
             "failure-details": []}]
    })"));
}

TEST_CASE("a written report reads as what it was") {
    const auto received = parsed(write_json(sample()));
    CHECK(received.report == sample());
    CHECK(received.unknown.empty());
}

TEST_CASE("a greeting that is no UTF-8 does not keep a report from being written") {
    auto report = sample();
    report.policies[0].details[0].receiving_mx_helo = "gate\xff";
    const auto received = parsed(write_json(report));
    CHECK(received.report.policies[0].details[0].receiving_mx_helo == "gate\uFFFD");
}

TEST_CASE("what follows the report is not looked at") {
    CHECK(parsed(write_json(sample()) + "\r\n--boundary{[").report == sample());
}

TEST_CASE("date-times without a zone are in UTC") {
    const auto received = parsed(R"({"date-range": {"start-datetime": "2026-11-25T00:00:00",
        "end-datetime": "2026-11-25T23:59:59"}, "policies": []})");
    CHECK(received.report.begin == midnight);
    CHECK(received.report.end == midnight + hours(24) - seconds(1));
}

TEST_CASE("a single text may stand for a list of them") {
    const auto received = parsed(report_of(
        R"([{"policy": {"policy-type": "tlsa", "policy-string": "3 1 1 ab",
             "mx-host": "mx.example"}}])"
    ));
    CHECK(received.report.policies.at(0).policy.strings == std::vector<std::string>{"3 1 1 ab"});
    CHECK(received.report.policies[0].policy.mx_hosts == std::vector<std::string>{"mx.example"});
}

TEST_CASE("members may be missing, null or of another kind") {
    const auto received = parsed(report_of(
        R"([{}, null, 7, {"policy": null, "summary": [], "failure-details": {}},
            {"policy": {"policy-type": "sts", "policy-domain": 5, "policy-string": [1, "a"]},
             "summary": {"total-successful-session-count": "9", "total-failure-session-count": 2},
             "failure-details": [{"result-type": "tlsa-invalid", "receiving-ip": null}]}])"
    ));
    CHECK(
        describe(received.report.policies) ==
        std::vector<std::string>{
            "domain no-policy-found  +0 -0", "domain no-policy-found  +0 -0",
            "domain no-policy-found  +0 -0", "domain no-policy-found  +0 -0",
            "domain sts  +0 -2; tlsa-invalid x0"
        }
    );
    CHECK(received.report.policies[4].policy.strings == std::vector<std::string>{"a"});
}

TEST_CASE("counts are never negative and never so large that sums of them overflow") {
    const auto received = parsed(report_of(
        R"([{"summary": {"total-successful-session-count": -4,
                         "total-failure-session-count": 18446744073709551615}},
            {"summary": {"total-successful-session-count": 1e300,
                         "total-failure-session-count": 99999999999999999999999}}])"
    ));
    CHECK(received.report.policies[0].successes == 0);
    CHECK(received.report.policies[0].failures == 1'000'000'000'000);
    CHECK(received.report.policies[1].successes == 0);
    CHECK(received.report.policies[1].failures == 0);
}

TEST_CASE("failures of unknown types are kept apart by their names") {
    const auto received = parsed(report_of(
        R"([{}, {"policy": {"policy-type": "mystery"}, "failure-details": [
            {"result-type": "dane-no-match", "failed-session-count": 2, "receiving-ip": "192.0.2.9"},
            {"result-type": "tlsa-invalid"}, {}]}])"
    ));
    CHECK(received.report.policies[1].details.size() == 1);
    REQUIRE(received.unknown.size() == 2);
    CHECK(received.unknown[0].policy == 1);
    CHECK(received.unknown[0].type == "dane-no-match");
    CHECK(received.unknown[0].detail.sessions == 2);
    CHECK(received.unknown[0].detail.receiving_ip == "192.0.2.9");
    CHECK(received.unknown[1].type.empty());
}

TEST_CASE("controls do not come through, and long texts are cut") {
    const auto received = parsed(
        report_of(
            R"([{"policy": {"policy-domain": "a\r\nb\u0000c\u001b["},
                 "failure-details": [{"result-type": "tlsa-invalid",
                                      "failure-reason-code": "0123456789abcdefghijklmnop"}]}])"
        ),
        {.text_octets = 25}
    );
    CHECK(received.report.policies[0].policy.domain == "a??b?c?[");
    CHECK(
        received.report.policies[0].details[0].failure_reason_code == "0123456789abcdefghijklmno"
    );
}

TEST_CASE("what has no period or no policies is no report") {
    CHECK(fault("") == "the report is no JSON");
    CHECK(fault("v=TLSRPTv1") == "the report is no JSON");
    CHECK(fault(R"({"policies": [)") == "the report is no JSON");
    CHECK(fault("{\"organization-name\": \"\xff\"}") == "the report is no JSON");
    CHECK(fault("[]") == "the report is no JSON object");
    CHECK(fault(R"({"policies": []})") == "the report has no valid date-range");
    CHECK(
        fault(R"({"date-range": {"start-datetime": "2026-11-25T00:00:00Z",
            "end-datetime": "2026-11-24T00:00:00Z"}, "policies": []})") ==
        "the report has no valid date-range"
    );
    CHECK(fault(report_of("{}")) == "the report has no list of policies");
}

TEST_CASE("a report is bounded in octets, policies and failures") {
    const auto text = report_of("[]");
    CHECK(fault(text, {.octets = text.size() - 1}) == "the report is too large");
    CHECK(parse_report(text, {.octets = text.size()}));

    CHECK(parse_report(report_of("[{},{}]"), {.policies = 2}));
    CHECK(fault(report_of("[{},{},{}]"), {.policies = 2}) == "the report has too many policies");

    const std::string two = R"({"failure-details": [{},{}]})";
    CHECK(parse_report(report_of("[" + two + "]"), {.details = 3}));
    CHECK(
        fault(report_of("[" + two + "," + two + "]"), {.details = 3}) ==
        "the report has too many failure-details"
    );
}

TEST_CASE("lists of lines and hosts are cut") {
    const auto received = parsed(
        report_of(R"([{"policy": {"mx-host": [)" + repeated("\"a\"", 5) + "]}}]"), {.strings = 4}
    );
    CHECK(received.report.policies[0].policy.mx_hosts.size() == 4);
}

TEST_CASE("many or deeply nested values end the reading before memory is taken for them") {
    const ReportBounds small{.policies = 10, .details = 10, .strings = 10};
    CHECK(
        fault(report_of("[" + repeated("0", 100'000) + "]"), small) ==
        "the report has too many values"
    );
    CHECK(fault(std::string(1'000'000, '[')) == "the report has too many values");
    std::string nested;
    for (int i = 0; i < 100; ++i)
        nested += R"({"a":)";
    CHECK(fault(nested) == "the report has too many values");
}

TEST_CASE("a report as large as the bounds allow is read") {
    const std::string failure =
        R"({"result-type": "validation-failure", "sending-mta-ip": "192.0.2.1",
            "receiving-mx-hostname": "mx.example", "failed-session-count": 1})";
    const auto received =
        parsed(report_of(R"([{"failure-details": [)" + repeated(failure, 10'000) + "]}]"));
    CHECK(received.report.policies[0].details.size() == 10'000);
}
