// SPDX-License-Identifier: Apache-2.0
#include "core/mail/tlsrpt/report_message.hpp"

#include <doctest/doctest.h>

#include "core/foundation/base/encoding.hpp"
#include "core/mail/tlsrpt/gzip.hpp"

using namespace outpost;
using namespace outpost::tlsrpt;

namespace {

const std::string json = R"({"report-id": "1"})";

/// Any text's Base64, as one line.
std::string base64(const std::string& text) {
    return base64_encode(text);
}

mail::Content message(const std::string& fields, std::vector<std::string> body) {
    return {"From: reports@example.org\r\n" + fields + "\r\n", std::move(body)};
}

/// A multipart of one text and one part with these fields.
mail::Content multipart(
    const std::string& type, const std::string& part_fields, const std::string& part_body
) {
    return message(
        "Content-Type: " + type + "; boundary=\"b\"\r\n",
        {"preamble\r\n--b\r\n\r\nThis is a report.\r\n--b\r\n" + part_fields + "\r\n",
         part_body + "\r\n--b--\r\n"}
    );
}

constexpr const char* report_type = "multipart/report; report-type=\"tlsrpt\"";

std::string found(const mail::Content& content) {
    const auto text = report_text(content);
    return text ? *text : std::string(tlsrpt::text(text.error()));
}
NoReport fault(const mail::Content& content) {
    const auto text = report_text(content);
    REQUIRE_FALSE(text);
    return text.error();
}

}  // namespace

TEST_CASE("a report is found as a part of multipart/report, compressed or not") {
    const std::string coded = "Content-Transfer-Encoding: base64\r\n";
    CHECK(
        found(multipart(
            report_type, "Content-Type: application/tlsrpt+gzip\r\n" + coded, base64(gzip(json))
        )) == json
    );
    CHECK(found(multipart(report_type, "Content-Type: application/tlsrpt+json\r\n", json)) == json);
    CHECK(
        found(multipart(
            report_type, "Content-Type: application/tlsrpt+json; name=x\r\n" + coded, base64(json)
        )) == json
    );
}

TEST_CASE("a report is found as a whole message, and in parts of parts") {
    CHECK(found(message("Content-Type: application/tlsrpt+json\r\n", {json})) == json);
    CHECK(found(message("Content-Type: application/tlsrpt+gzip\r\n", {gzip(json)})) == json);
    const auto inner = multipart(report_type, "Content-Type: application/tlsrpt+json\r\n", json);
    const auto whole = message(
        "Content-Type: multipart/mixed; boundary=outer\r\n",
        {"--outer\r\n", inner.header(), inner.body()[0], inner.body()[1], "\r\n--outer--\r\n"}
    );
    CHECK(found(whole) == json);
}

TEST_CASE("general types count in a report alone, and the octets say whether they are compressed") {
    for (const char* type :
         {"application/gzip", "application/x-gzip", "application/json", "application/tlsrpt"}) {
        CAPTURE(type);
        const auto fields = "Content-Type: " + std::string(type) + "\r\n";
        CHECK(found(multipart(report_type, fields, json)) == json);
        CHECK(
            found(multipart(
                report_type, fields + "Content-Transfer-Encoding: base64\r\n", base64(gzip(json))
            )) == json
        );
        CHECK(fault(multipart("multipart/mixed", fields, json)) == NoReport::none);
        CHECK(
            fault(multipart("multipart/report; report-type=delivery-status", fields, json)) ==
            NoReport::none
        );
    }
}

TEST_CASE("mail without a report has none") {
    CHECK(fault(message("", {"Hello\r\n"})) == NoReport::none);
    CHECK(fault(multipart(report_type, "Content-Type: text/plain\r\n", json)) == NoReport::none);
    CHECK(fault(message("Content-Type: multipart/report\r\n", {json})) == NoReport::none);
}

TEST_CASE("parts are followed three deep") {
    const auto nested = [](int depth) {
        std::string head = "Content-Type: application/tlsrpt+json\r\n", body = json;
        for (int level = 0; level < depth; ++level) {
            const auto boundary = "b" + std::to_string(level);
            body = "--" + boundary + "\r\n" + head + "\r\n" + body + "\r\n--" + boundary + "--\r\n";
            head = "Content-Type: multipart/mixed; boundary=" + boundary + "\r\n";
        }
        return message(head, {body});
    };
    CHECK(found(nested(3)) == json);
    CHECK(fault(nested(4)) == NoReport::none);
}

TEST_CASE("what is too large, damaged or a bomb is told apart") {
    const auto part = [](const std::string& octets) {
        return message("Content-Type: application/tlsrpt+gzip\r\n", {octets});
    };
    CHECK(fault(part(gzip(json).substr(0, 20))) == NoReport::broken);
    CHECK(fault(part(gzip(std::string(longest_report + 1, ' ')))) == NoReport::bomb);
    CHECK(found(part(gzip(std::string(longest_report, ' ')))).size() == longest_report);
    CHECK(fault(part(std::string(longest_message + 1, ' '))) == NoReport::too_large);
    CHECK_FALSE(unpack_report(std::string(longest_report + 1, ' ')));
}
