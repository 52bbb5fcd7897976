// SPDX-License-Identifier: Apache-2.0
#include "core/tls_reports/sending/draft.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "tests/unit/tls_reports/sending/samples.hpp"

using namespace outpost;
using namespace outpost::test;
using namespace outpost::tls_reports;

namespace {

const tlsrpt::ReportKey to_recipient{false, day, "example.org"};
const tlsrpt::ReportKey to_host{true, day, "mx.example.net"};

tlsrpt::Record record_of(std::vector<mail::Address> mail, std::vector<std::string> https = {}) {
    return {std::move(mail), std::move(https), {}};
}
const tlsrpt::Record to_both =
    record_of({address("tls@example.org"), address("b@example.net")}, {"https://example.org/v1"});

Material failed(std::int64_t failures = 1) {
    Material material;
    material.rows = {
        row("example.org", "example.org", false, failures),
        row("example.org", "mx.example.net", true, failures)
    };
    return material;
}

std::string why_not(const Result<Draft>& made) {
    return made ? "made" : made.error();
}

}  // namespace

TEST_CASE("a report goes to all places of the record, in the name of the submitter") {
    const auto made = draft(to_recipient, to_both, failed(), sending());
    REQUIRE(made);
    CHECK(made->mail == to_both.mail);
    CHECK(made->https == to_both.https);
    CHECK(
        made->places ==
        tlsrpt::Places{"mailto:tls@example.org", "mailto:b@example.net", "https://example.org/v1"}
    );
    CHECK(made->report.organization_name == "origin.test");
    CHECK(made->report.contact_info == "postmaster@origin.test");
    CHECK(made->report.report_id == "20261125.example.org@origin.test");
    CHECK(made->report.begin == WallTime(day));
    CHECK(made->report.policies.size() == 2);
}

TEST_CASE("a suppressed place gets nothing, and where all are nothing is sent") {
    Material material = failed();
    material.suppressed = {"mailto:tls@example.org", "https://example.org/v1"};
    const auto made = draft(to_recipient, to_both, material, sending());
    REQUIRE(made);
    CHECK(made->mail == std::vector{address("b@example.net")});
    CHECK(made->https.empty());
    CHECK(
        made->suppressed ==
        std::vector<std::string>{"mailto:tls@example.org", "https://example.org/v1"}
    );
    material.suppressed.insert("mailto:b@example.net");
    CHECK(
        why_not(draft(to_recipient, to_both, material, sending())) ==
        "all its places are suppressed"
    );
}

TEST_CASE("of a record that names many places the first 20 get the report") {
    std::vector<mail::Address> many;
    for (int n = 0; n < 30; ++n)
        many.push_back(address(fmt::format("a{}@example.org", n)));
    Material material = failed();
    material.suppressed = {"mailto:a0@example.org"};
    const auto made =
        draft(to_recipient, record_of(many, {"https://example.org/v1"}), material, sending());
    REQUIRE(made);
    CHECK(made->mail == std::vector(many.begin() + 1, many.begin() + 20));
    CHECK(made->https.empty());
    CHECK(made->places.size() == 31);
}

TEST_CASE("a record without a usable place gets nothing") {
    CHECK(
        why_not(draft(to_recipient, record_of({}), failed(), sending())) ==
        "its record names no place that a report can be sent to"
    );
}

TEST_CASE("successes alone are told only to who sends them on purpose") {
    CHECK(why_not(draft(to_recipient, to_both, failed(0), sending())) != "made");
    Settings settings = sending();
    settings.successes_too = true;
    CHECK(why_not(draft(to_recipient, to_both, failed(0), settings)) == "made");
}

TEST_CASE("MX hosts are not told again what the same places were told as recipients") {
    Material material = failed();
    material.sent[{day, "example.org"}] = places_of(to_both);
    CHECK(
        why_not(draft(to_host, to_both, material, sending())) ==
        "the same places get all of it with other reports"
    );
    const auto elsewhere =
        draft(to_host, record_of({address("tls@example.net")}), material, sending());
    REQUIRE(elsewhere);
    CHECK(elsewhere->report.report_id == "20261125-mx.mx.example.net@origin.test");
    CHECK(elsewhere->report.policies.at(0).policy.domain == "example.org");
}
