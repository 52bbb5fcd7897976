// SPDX-License-Identifier: Apache-2.0
#include "core/mail/tlsrpt/report_mail.hpp"

#include <doctest/doctest.h>

#include "core/foundation/base/encoding.hpp"
#include "core/mail/message/header.hpp"
#include "core/mail/message/mime.hpp"
#include "core/mail/tlsrpt/gzip.hpp"

using namespace outpost;
using namespace outpost::tlsrpt;
using namespace std::chrono;

namespace {

const auto midnight = sys_days(year(2026) / 11 / 25);

Report sample() {
    Report report;
    report.organization_name = "outpost.example";
    report.contact_info = "postmaster@outpost.example";
    report.report_id = "20261125.xn--bcher-kva.example@outpost.example";
    report.begin = midnight;
    report.end = midnight + hours(24) - seconds(1);
    report.policies = {
        {{PolicyType::sts, {"version: STSv1"}, "xn--bcher-kva.example", {}}, false, 4, 1, {}}
    };
    return report;
}

ReportMail about() {
    return {
        *dns::Domain::parse("b\u00fccher.example"),
        *dns::Domain::parse("outpost.example"),
        *mail::Address::parse("postmaster@outpost.example"),
        {*mail::Address::parse("tls@b\u00fccher.example"),
         *mail::Address::parse("\"a b\"@r.example")},
        midnight + hours(25)
    };
}

std::string body_of(const mail::Content& content) {
    std::string all;
    for (const auto& chunk : content.body())
        all += chunk;
    return all;
}

std::string value_of(const mail::Content& content, std::string_view name) {
    const auto field = mail::find_field(content.header(), name);
    REQUIRE(field);
    return field->value();
}

/// The attachment, decoded.
std::string attachment(const std::string& body) {
    constexpr std::string_view empty_line = "\r\n\r\n";
    const auto part = body.find("application/tlsrpt+gzip");
    REQUIRE(part != std::string::npos);
    const auto begin = body.find(empty_line, part) + empty_line.size();
    std::string encoded = body.substr(begin, body.find("\r\n--", begin) - begin);
    std::erase_if(encoded, [](char c) { return c == '\r' || c == '\n'; });
    const auto bytes = base64_decode(encoded);
    REQUIRE(bytes);
    return *bytes;
}

}  // namespace

TEST_CASE("a report mail has its fields in a fixed order") {
    const auto content = compose_report_mail(sample(), about());
    std::vector<std::string_view> names;
    const mail::Header header(content.header());
    for (const auto field : header)
        names.push_back(field.name);
    CHECK(
        names ==
        std::vector<std::string_view>{
            "From", "To", "Subject", "TLS-Report-Domain", "TLS-Report-Submitter", "TLS-Required",
            "Message-ID", "Date", "MIME-Version", "Content-Type"
        }
    );
    CHECK(content.header().ends_with("\r\n\r\n"));
}

TEST_CASE("the fields say what RFC 8460 section 5.3 wants, domains in A-labels") {
    const auto content = compose_report_mail(sample(), about());
    CHECK(
        value_of(content, "Subject") ==
        "Report Domain: xn--bcher-kva.example Submitter: outpost.example "
        "Report-ID: <20261125.xn--bcher-kva.example@outpost.example>"
    );
    CHECK(value_of(content, "From") == "postmaster@outpost.example");
    CHECK(value_of(content, "To") == "tls@xn--bcher-kva.example, \"a b\"@r.example");
    CHECK(value_of(content, "TLS-Report-Domain") == "xn--bcher-kva.example");
    CHECK(value_of(content, "TLS-Report-Submitter") == "outpost.example");
    CHECK(value_of(content, "TLS-Required") == "No");
    CHECK(value_of(content, "Date") == "Thu, 26 Nov 2026 01:00:00 +0000");
    CHECK(value_of(content, "Content-Type")
              .starts_with("multipart/report; report-type=\"tlsrpt\"; boundary=\"report_"));
}

TEST_CASE("the attachment is the report, under the name of RFC 8460 section 5.1") {
    const auto body = body_of(compose_report_mail(sample(), about()));
    CHECK(
        body.find("filename=\"outpost.example!xn--bcher-kva.example!1795564800!1795651199.json.gz\""
        ) != std::string::npos
    );
    const auto json = gunzip(attachment(body), 10'000);
    REQUIRE(json);
    const auto received = parse_report(*json);
    REQUIRE(received);
    CHECK(received->report == sample());
}

TEST_CASE("a report mail passes servers without 8BITMIME, and its lines are short") {
    auto report = sample();
    for (int i = 0; i < 200; ++i)
        report.policies[0].policy.strings.push_back("mx: " + std::to_string(i * 7919) + "\u00fc");
    const auto content = compose_report_mail(report, about());
    const auto body = body_of(content);
    CHECK(mail::is_seven_bit(content.header() + body));
    for (std::size_t at = body.find(".json.gz"), end; (end = body.find("\r\n", at)) != body.npos;
         at = end + 2)
        CHECK(end - at <= 78);
}

TEST_CASE("the parts are between boundaries, of which the last ends the mail") {
    const auto content = compose_report_mail(sample(), about());
    const auto type = value_of(content, "Content-Type");
    const auto begin = type.find("boundary=\"") + 10;
    const auto boundary = "\r\n--" + type.substr(begin, type.size() - begin - 1);
    const auto body = body_of(content);
    std::size_t count = 0;
    for (auto at = body.find(boundary); at != body.npos; at = body.find(boundary, at + 1))
        ++count;
    CHECK(count == 3);
    CHECK(body.ends_with(boundary + "--\r\n"));
}

TEST_CASE("an id cannot end its line") {
    auto report = sample();
    report.report_id = "x\r\nBcc: a@example.org";
    const auto content = compose_report_mail(report, about());
    CHECK_FALSE(mail::find_field(content.header(), "Bcc"));
}
