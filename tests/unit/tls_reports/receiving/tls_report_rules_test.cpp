// SPDX-License-Identifier: Apache-2.0
#include "core/tls_reports/receiving/tls_report_rules.hpp"

#include <doctest/doctest.h>

#include "core/mail/tlsrpt/gzip.hpp"
#include "tests/unit/tls_reports/receiving/report_samples.hpp"

using namespace outpost;
using namespace outpost::tls_report_receiving;
using Kind = ReportOutcome::Kind;

namespace {

dns::Domain domain(const std::string& name) {
    return dns::Domain::parse(name).value();
}

/// A signature of this domain that passes, with a key for anything.
dkim::SignatureResult signature(const std::string& by) {
    dkim::SignatureResult result;
    result.status = dkim::Status::pass;
    result.signature.emplace().domain = domain(by);
    return result;
}

Result<dns::Domain, ReportOutcome> author(
    const std::string& from, std::vector<dkim::SignatureResult> signatures
) {
    authentication::Verdicts verdicts;
    if (!from.empty()) verdicts.dmarc.from = domain(from);
    verdicts.dkim = std::move(signatures);
    return report_author(verdicts);
}

/// The refusal of a report from reports.example.org with one signature.
ReportOutcome refusal(const dkim::SignatureResult& only) {
    const auto result = author("reports.example.org", {only});
    REQUIRE_FALSE(result);
    return result.error();
}

ReportOutcome unread(const std::string& json) {
    const auto report = read_report(json, test::sample_scope());
    REQUIRE_FALSE(report);
    return report.error();
}

}  // namespace

TEST_CASE("the author's domain or one above it in the same organization must have signed") {
    CHECK(author("example.org", {signature("example.org")}));
    CHECK(
        author("a.b.example.org", {signature("example.org")}).value() == domain("a.b.example.org")
    );
    CHECK(author("a.b.example.org", {signature("b.example.org")}));
    CHECK(author("example.org", {signature("other.example"), signature("example.org")}));
    for (const char* other : {"mail.example.org", "other.example", "org", "xample.org"}) {
        const auto result = author("example.org", {signature(other)});
        CAPTURE(other);
        REQUIRE_FALSE(result);
        CHECK(result.error().kind == Kind::not_signed);
        CHECK(result.error().status == "5.7.22");
    }
    // A public suffix signs for nobody below it.
    CHECK_FALSE(author("example.co.uk", {signature("co.uk")}));
}

TEST_CASE("what is wrong with the signature is said") {
    CHECK(author("example.org", {}).error().status == "5.7.20");
    CHECK(author("", {signature("example.org")}).error().status == "5.7.22");

    auto failed = signature("example.org");
    failed.status = dkim::Status::fail;
    CHECK(refusal(failed).status == "5.7.20");

    auto testing = signature("example.org");
    testing.testing = true;
    CHECK(refusal(testing).status == "5.7.20");

    auto partial = signature("example.org");
    partial.signature->body_length = 100;
    CHECK(refusal(partial).reason.find("l=") != std::string::npos);

    auto service = signature("example.org");
    service.services = {"email"};
    CHECK(refusal(service).reason.find("tlsrpt") != std::string::npos);
}

TEST_CASE("a key for TLS reports alone is good, though it is none for mail") {
    auto special = signature("example.org");
    special.status = dkim::Status::permerror;
    special.only_for_others = true;
    special.services = {"tlsrpt"};
    CHECK(author("example.org", {special}));
    special.services = {"other"};
    CHECK_FALSE(author("example.org", {special}));
    auto both = signature("example.org");
    both.services = {"email", "tlsrpt"};
    CHECK(author("example.org", {both}));
}

TEST_CASE("a key that cannot be looked up now is a reason to come again") {
    auto unknown = signature("example.org");
    unknown.status = dkim::Status::temperror;
    CHECK(refusal(unknown).kind == Kind::no_answer);
    auto of_other = signature("other.example");
    of_other.status = dkim::Status::temperror;
    CHECK(refusal(of_other).kind == Kind::not_signed);
}

TEST_CASE("of a report what it says of our domains and hosts is kept, and the whole of it beside") {
    const auto report = read_report(test::sample_report(), test::sample_scope());
    REQUIRE(report);
    CHECK(report->report_id == "2026-11-25_example.org");
    CHECK(report->organization == "Company-X");
    CHECK(report->contact == "sts-reporting@company-x.example");
    CHECK(report->octets == static_cast<std::int64_t>(test::sample_report().size()));
    CHECK(tlsrpt::gunzip(report->json_gzip, 100'000).value_or("") == test::sample_report());
    REQUIRE(report->policies.size() == 2);
    const auto& of_domain = report->policies[0];
    CHECK(of_domain.policy.domain == "example.org");
    CHECK_FALSE(of_domain.of_host);
    CHECK(of_domain.policy.mx_hosts == std::vector<std::string>{"*.example.org"});
    CHECK(of_domain.successes == 5326);
    CHECK(of_domain.failures == 303);
    REQUIRE(of_domain.details.size() == 2);
    CHECK(of_domain.details[0].type == "certificate-expired");
    CHECK(of_domain.details[0].detail.sessions == 100);
    CHECK(of_domain.details[1].type == "moon-in-the-wrong-phase");
    CHECK(of_domain.details[1].detail.failure_reason_code == "X509_V_ERR");
    CHECK(report->policies[1].policy.domain == "mx.example.org");
    CHECK(report->policies[1].of_host);
}

TEST_CASE("domains are compared as A-labels") {
    auto json = test::sample_report();
    json.replace(
        json.find("Example.ORG"), 11,
        "b\xc3\xbc"
        "cher.example"
    );
    const auto report = read_report(json, test::sample_scope());
    REQUIRE(report);
    CHECK(report->policies[0].policy.domain == "xn--bcher-kva.example");
}

TEST_CASE("what speaks of none of our domains, or is no report, is refused") {
    auto strange = test::sample_report();
    for (const char* ours : {"Example.ORG", "\"mx.example.org\", \"policy-string\""})
        strange.replace(strange.find(ours) + 1, 2, "zz");
    CHECK(unread(strange).kind == Kind::not_ours);
    CHECK(unread("hello").kind == Kind::unreadable);
    CHECK(unread("{}").kind == Kind::unreadable);
    CHECK(unread("").kind == Kind::unreadable);
}

TEST_CASE("a report without an id is known by its text") {
    const auto report = read_report(test::sample_report(""), test::sample_scope());
    REQUIRE(report);
    CHECK(report->report_id.starts_with("sha256:"));
    CHECK(report->report_id.size() == 7 + 64);
}

TEST_CASE("quotas are of organizations and of networks") {
    const auto quota = [](const char* client) {
        return https_quotas(asio::ip::make_address(client)).front().whom;
    };
    CHECK(mail_quotas(domain("a.b.example.org")) == mail_quotas(domain("example.org")));
    CHECK(mail_quotas(domain("a.example.co.uk")).front().whom == "mail:example.co.uk");
    CHECK(quota("192.0.2.77") == "https:192.0.2.0/24");
    CHECK(quota("::ffff:192.0.2.77") == "https:192.0.2.0/24");
    CHECK(quota("2001:db8:1:2::3") == "https:2001:db8:1::/48");
    CHECK(https_quotas(asio::ip::make_address("192.0.2.77")).back().whom == "https:");
}
