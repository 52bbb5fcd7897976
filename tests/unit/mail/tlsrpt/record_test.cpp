// SPDX-License-Identifier: Apache-2.0
#include "core/mail/tlsrpt/record.hpp"

#include <doctest/doctest.h>

using namespace outpost::tlsrpt;

namespace {

Record parsed(const std::string& text) {
    auto record = parse_records({text});
    REQUIRE(record);
    return *record;
}

RecordFault fault(const std::vector<std::string>& texts) {
    const auto record = parse_records(texts);
    REQUIRE_FALSE(record);
    return record.error();
}

std::vector<std::string> addresses(const Record& record) {
    std::vector<std::string> all;
    for (const auto& address : record.mail)
        all.push_back(address.wire());
    return all;
}

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("a record says where reports go, by mail and by HTTPS") {
    const auto record = parsed("v=TLSRPTv1; rua=mailto:tls@example.org , https://r.example.org/v1");
    CHECK(addresses(record) == Texts{"tls@example.org"});
    CHECK(record.https == Texts{"https://r.example.org/v1"});
    CHECK(record.ignored.empty());
}

TEST_CASE("blanks, a last semicolon, extensions and several rua fields are allowed") {
    const auto record =
        parsed("v=TLSRPTv1 ;\trua=MAILTO:a@example.org ; x-y.z_1=yes ; rua=mailto:b@example.org ; "
        );
    CHECK(addresses(record) == Texts{"a@example.org", "b@example.org"});
}

TEST_CASE("mailto addresses are percent-decoded") {
    CHECK(
        addresses(parsed("v=TLSRPTv1;rua=mailto:a%2bb%21c@example.org?subject=x")) ==
        Texts{"a+b!c@example.org"}
    );
    CHECK(
        addresses(parsed("v=TLSRPTv1;rua=mailto:%22a%2Cb%22@ex%61mple.org")) ==
        Texts{"\"a,b\"@example.org"}
    );
}

TEST_CASE("no line end, NUL or broken encoding comes out of a mailto address") {
    for (const std::string uri :
         {"mailto:a%0d%0aRCPT@example.org", "mailto:a%0A@example.org", "mailto:a%00@example.org",
          "mailto:%22a%0Db%22@example.org", "mailto:a%2@example.org", "mailto:a%zz@example.org",
          "mailto:a@example.org%", "mailto:a"}) {
        CAPTURE(uri);
        const auto record = parsed("v=TLSRPTv1; rua=" + uri);
        CHECK(record.mail.empty());
        CHECK(record.ignored == Texts{uri});
    }
}

TEST_CASE("what nothing can be sent to is kept apart and leaves the others usable") {
    const auto record = parsed(
        "v=TLSRPTv1; rua=ftp://example.org/,mailto:a@example.org!10m,https:///x,http://a.example,"
        "mailto:b@example.org"
    );
    CHECK(addresses(record) == Texts{"b@example.org"});
    CHECK(
        record.ignored ==
        Texts{"ftp://example.org/", "mailto:a@example.org!10m", "https:///x", "http://a.example"}
    );
}

TEST_CASE("a place that is named twice gets one report") {
    const auto record = parsed(
        "v=TLSRPTv1; rua=mailto:a@example.org,https://e.example/,mailto:%61@EXAMPLE.org; "
        "rua=https://e.example/"
    );
    CHECK(record.mail.size() == 1);
    CHECK(record.https.size() == 1);
}

TEST_CASE("records of other kinds are passed over") {
    CHECK(parse_records({"v=spf1 -all", "v=TLSRPTv1; rua=mailto:a@example.org", "v=TLSRPTv12;"}));
    CHECK(fault({}) == RecordFault::none);
    CHECK(fault({"v=tlsrptv1; rua=mailto:a@example.org"}) == RecordFault::none);
    CHECK(fault({" v=TLSRPTv1; rua=mailto:a@example.org"}) == RecordFault::none);
    CHECK(fault({"v=TLSRPTv1"}) == RecordFault::none);
}

TEST_CASE("several records count as none, whatever they say") {
    CHECK(fault({"v=TLSRPTv1; rua=mailto:a@example.org", "v=TLSRPTv1;"}) == RecordFault::several);
}

TEST_CASE("a record that breaks the grammar is told from none") {
    for (const std::string rest :
         {"", " ", " x=y", " rua", " rua=", " rua=a@example.org", " rua=mailto:", " ; rua=x:y",
          " rua=x:y;;", " rua=x:y,", " rua=x:y z", " rua=x:y; -a=b",
          " rua=x:y; a=", " rua=x:y; a=b=c", " rua=x:y; a", " rua=1x:y", " RUA=x:y"}) {
        CAPTURE(rest);
        CHECK(fault({"v=TLSRPTv1;" + rest}) == RecordFault::broken);
    }
}

TEST_CASE("a composed record reads as what it was composed of") {
    Record record;
    for (const std::string address :
         {"tls@example.org", "a+b@xn--bcher-kva.example", "\"a,b;c!d e@f\"@example.org",
          "a@[192.0.2.1]", "r\u00e9sum\u00e9@example.org"})
        record.mail.push_back(*outpost::mail::Address::parse(address));
    record.https = {"https://r.example.org/tls?x=%2C"};
    CHECK(parsed(text(record)) == record);

    record.mail.resize(2);
    CHECK(
        text(record) ==
        "v=TLSRPTv1; rua=mailto:tls@example.org,mailto:a+b@xn--bcher-kva.example,"
        "https://r.example.org/tls?x=%2C"
    );
}
