// SPDX-License-Identifier: Apache-2.0
#include "core/mail/dsn/dsn_report.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "core/foundation/base/encoding.hpp"

using namespace outpost;
using namespace outpost::dsn;

namespace {

const std::string report_type =
    "multipart/report; report-type=delivery-status;\r\n boundary=\"=_b/1\"";

mail::Content message(const std::string& type, std::string body) {
    return {"From: MAILER-DAEMON@mx.example.net\r\nContent-Type: " + type + "\r\n\r\n", {body}};
}

std::string part(const std::string& fields, const std::string& body) {
    return "--=_b/1\r\n" + fields + "\r\n" + body + "\r\n";
}

const std::string words = part("Content-Type: text/plain\r\n", "Your mail came back.\r\n");
const std::string end = "--=_b/1--\r\n";

mail::Content report_with(
    const std::string& status,
    const std::string& fields = "Content-Type: message/delivery-status\r\n"
) {
    return message(report_type, "preamble\r\n" + words + part(fields, status) + end);
}

const std::string of_message =
    "Reporting-MTA: dns; mx.example.net\r\n"
    "Original-Envelope-Id: QQ314159\r\n"
    "Arrival-Date: Thu, 26 Nov 2026 06:00:00 +0000\r\n\r\n";
const std::string of_recipient =
    "Final-Recipient: rfc822; louisl@example.net\r\n"
    "Original-Recipient: rfc822;Louis@example.net\r\n"
    "Action: failed\r\n"
    "Status: 5.1.1\r\n"
    "Remote-MTA: dns; store.example.net\r\n"
    "Diagnostic-Code: smtp; 550 5.1.1 <louisl@example.net>:\r\n"
    "    Recipient address rejected\r\n";

RecipientReport one(const mail::Content& content) {
    auto report = parse_dsn(content);
    REQUIRE(report);
    REQUIRE(report->recipients.size() == 1);
    return report->recipients[0];
}

RecipientReport one_with(const std::string& fields) {
    return one(report_with(of_message + "Final-Recipient: rfc822; a@example.net\r\n" + fields));
}

}  // namespace

TEST_CASE("a report is read with all its fields") {
    const auto report = parse_dsn(report_with(of_message + of_recipient));
    REQUIRE(report);
    CHECK(report->reporting_mta == "mx.example.net");
    CHECK(report->original_envelope_id == "QQ314159");
    REQUIRE(report->recipients.size() == 1);
    const auto& recipient = report->recipients[0];
    CHECK(recipient.final_recipient == "louisl@example.net");
    CHECK(recipient.original_recipient == "Louis@example.net");
    CHECK(recipient.action == Action::failed);
    CHECK(recipient.status == smtp::EnhancedStatus{5, 1, 1});
    CHECK(recipient.remote_mta == "store.example.net");
    CHECK(recipient.diagnostic == "550 5.1.1 <louisl@example.net>:    Recipient address rejected");
    CHECK(recipient.reply_code == 550);
    CHECK(recipient.reply_status == smtp::EnhancedStatus{5, 1, 1});
}

TEST_CASE("several recipients are told apart, however many empty lines there are") {
    const auto report = parse_dsn(report_with(
        "\r\n\r\n" + of_message + "\r\n\r\n" + of_recipient + "\r\n\r\n" +
        "Final-Recipient: rfc822; b@example.net\r\nAction: delayed\r\nStatus: 4.4.1\r\n\r\n\r\n"
    ));
    REQUIRE(report);
    REQUIRE(report->recipients.size() == 2);
    CHECK(report->recipients[0].action == Action::failed);
    CHECK(report->recipients[1].final_recipient == "b@example.net");
    CHECK(report->recipients[1].action == Action::delayed);
}

TEST_CASE("each action of RFC 3464 is recognised, in any case and with a comment") {
    CHECK(
        one_with("Action: FAILED (no such user)\r\nStatus: 5.1.1 (no)\r\n").action == Action::failed
    );
    CHECK(one_with("Action: failed\r\nStatus: 4.4.7\r\n").action == Action::failed);
    CHECK(one_with("Action: failed\r\n").action == Action::failed);
    CHECK(one_with("Action: delayed\r\nStatus: 4.0.0\r\n").action == Action::delayed);
    CHECK(one_with("Action: delivered\r\nStatus: 2.1.5\r\n").action == Action::delivered);
    CHECK(one_with("Action: relayed\r\nStatus: 2.0.0\r\n").action == Action::relayed);
    CHECK(one_with("Action: expanded\r\nStatus: 2.0.0\r\n").action == Action::expanded);
}

TEST_CASE("what is no action, or contradicts its status, is unrecognised") {
    for (const auto* fields :
         {"", "Action: exploded\r\n", "Action:\r\n", "Status: 5.1.1\r\n",
          "Action: failed\r\nStatus: 2.0.0\r\n", "Action: delivered\r\nStatus: 5.1.1\r\n",
          "Action: delayed\r\nStatus: 5.1.1\r\n", "Action: relayed\r\nStatus: 4.1.1\r\n"})
        CHECK(one_with(fields).action == Action::unrecognised);
    CHECK(name(Action::unrecognised) == "unrecognised");
    CHECK(name(Action::expanded) == "expanded");
}

TEST_CASE("a status that is none is left out") {
    for (const auto* text : {"550", "5.1", "5.1.1.1", "x.1.1", "5.1.9999", "550 5.1.1"})
        CHECK_FALSE(one_with("Action: failed\r\nStatus: " + std::string(text) + "\r\n").status);
}

TEST_CASE("a diagnostic is an SMTP reply only if its type says so and it begins as one") {
    const auto multiline = one_with("Diagnostic-Code: SMTP;550-5.1.1 gone. 550 5.1.1 really\r\n");
    CHECK(multiline.reply_code == 550);
    CHECK(multiline.reply_status == smtp::EnhancedStatus{5, 1, 1});
    const auto bare = one_with("Diagnostic-Code: smtp; 550\r\n");
    CHECK(bare.reply_code == 550);
    CHECK_FALSE(bare.reply_status);
    for (const auto* text :
         {"x-unix; 550 5.1.1 no", "550 5.1.1 no", "smtp; host said 550", "smtp; 5500 no",
          "smtp; 650 no", "smtp;", "smtp; 55"}) {
        const auto report = one_with("Diagnostic-Code: " + std::string(text) + "\r\n");
        CHECK_FALSE(report.reply_code);
        CHECK_FALSE(report.reply_status);
    }
}

TEST_CASE("fields without a type, with angle brackets and twice are read") {
    const auto recipient = one(
        report_with("Final-Recipient: <a@example.net>\r\nfinal-recipient: rfc822; b@example.net\r\n"
                    "Remote-MTA: mx.example.net\r\n")
    );
    CHECK(recipient.final_recipient == "a@example.net");
    CHECK(recipient.remote_mta == "mx.example.net");
}

TEST_CASE("a report about an internationalized address is read in each encoding") {
    const std::string fields = "Action: failed\r\nStatus: 5.1.1\r\n";
    const std::string plain = "Final-Recipient: utf-8; ж@example.net\r\n" + fields;
    const std::string type = "Content-Type: message/global-delivery-status\r\n";
    CHECK(one(report_with(plain, type)).final_recipient == "ж@example.net");
    CHECK(
        one(report_with(base64_encode(plain), type + "Content-Transfer-Encoding: BASE64\r\n"))
            .final_recipient == "ж@example.net"
    );
    CHECK(
        one(report_with(
                "Final-Recipient: utf-8; =D0=B6@exam=\r\nple.net  \r\nAction: failed\r\n",
                type + "Content-Transfer-Encoding: quoted-printable\r\n"
            ))
            .final_recipient == "ж@example.net"
    );
    CHECK(
        one(report_with("Final-Recipient: utf-8; \\x{436}@example.net\r\n" + fields))
            .final_recipient == "ж@example.net"
    );
}

TEST_CASE("bare line feeds, a missing closing delimiter and chunks do not matter") {
    std::string text =
        words + part("Content-Type: message/delivery-status\r\n", of_message + of_recipient);
    std::string bare;
    for (const char c : text) {
        if (c != '\r') bare += c;
    }
    CHECK(one(message(report_type, bare)).action == Action::failed);
    std::vector<std::string> chunks;
    for (const char c : text)
        chunks.emplace_back(1, c);
    const mail::Content chunked("Content-Type: " + report_type + "\r\n\r\n", chunks);
    CHECK(one(chunked).action == Action::failed);
}

TEST_CASE("a report inside another multipart is found") {
    const auto inner = report_with(of_message + of_recipient);
    const auto outer = "--outer\r\n" + inner.header() + inner.body()[0] +
                       "\r\n--outer\r\n\r\nA footer.\r\n--outer--\r\n";
    CHECK(one(message("multipart/mixed; boundary=outer", outer)).action == Action::failed);
}

TEST_CASE("what came back is not read, even when it is a report") {
    const auto inner = report_with(of_message + of_recipient);
    const auto body = "--outer\r\nContent-Type: message/rfc822\r\n\r\n" + inner.header() +
                      inner.body()[0] + "\r\n--outer--\r\n";
    CHECK_FALSE(parse_dsn(message("multipart/report; boundary=outer", body)));
}

TEST_CASE("other mail is no report") {
    const auto status =
        part("Content-Type: message/delivery-status\r\n", of_message + of_recipient);
    for (const auto& type :
         {std::string("text/plain"), std::string("multipart/mixed; boundary=\"=_b/1\""),
          std::string("multipart/report; report-type=disposition-notification; boundary=\"=_b/1\""),
          std::string("multipart/report; report-type=delivery-status"),
          std::string("multipart/report; report-type=delivery-status; boundary=other"),
          std::string("multipart/report; boundary=\"\""), std::string("message/delivery-status")})
        CHECK_FALSE(parse_dsn(message(type, words + status + end)));
    CHECK_FALSE(parse_dsn(mail::Content("", {})));
    CHECK(
        parse_dsn(message(report_type, words + end)).error() ==
        "it is no multipart/report with a delivery status"
    );
    CHECK(parse_dsn(report_with(of_message)).error() == "its delivery status names no recipient");
}

TEST_CASE("what is read is one clean line of bounded length") {
    const auto report = one_with(
        "Action: failed\r\nDiagnostic-Code: smtp; 550 \x1b[2J\xff" + std::string(5000, 'x') + "\r\n"
    );
    CHECK(report.diagnostic.size() == 2000);
    CHECK(report.diagnostic.starts_with("550 ?[2J?xxx"));
}

TEST_CASE("a report is read up to its first hundred recipients and its first MiB") {
    std::string many = of_message;
    for (int n = 0; n < 1000; ++n)
        many += "Final-Recipient: rfc822; a@example.net\r\nAction: failed\r\n\r\n";
    CHECK(parse_dsn(report_with(many))->recipients.size() == 100);
    const auto late = part("Content-Type: message/delivery-status\r\n", of_message + of_recipient);
    CHECK_FALSE(parse_dsn(
        message(report_type, part("\r\n", std::string(std::size_t{1} << 20, 'x')) + late + end)
    ));
}

TEST_CASE("multiparts nested without end are given up") {
    std::string body = part("Content-Type: message/delivery-status\r\n", of_message + of_recipient);
    for (int depth = 0; depth < 1000; ++depth)
        body = "--=_b/1\r\nContent-Type: multipart/mixed; boundary=\"=_b/1\"\r\n\r\n" + body;
    CHECK_FALSE(parse_dsn(message("multipart/mixed; boundary=\"=_b/1\"", body)));
}
