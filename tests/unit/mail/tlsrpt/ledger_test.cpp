// SPDX-License-Identifier: Apache-2.0
#include "core/mail/tlsrpt/ledger.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <functional>

#include "tests/unit/mail/tlsrpt/describe.hpp"

using namespace outpost::tlsrpt;
using outpost::dns::Failure;
using outpost::tls::Refusal;
using outpost::tls::TlsFacts;
using outpost::tls::TlsFailure;
using outpost::tls::TlsObservation;

namespace {

const std::string mx = "mx.test";

Failure dns_failure(Failure::Kind kind, int extended_error = -1) {
    return {kind, "", extended_error, ""};
}
const Failure bogus = dns_failure(Failure::Kind::servfail, 9);
const Failure timed_out = dns_failure(Failure::Kind::timeout, 23);

Finding sts(std::vector<FailureDetail> details = {}) {
    return {
        {PolicyType::sts, {"version: STSv1", "mode: enforce"}, "example.org", {"mx.test"}},
        std::move(details)
    };
}
Finding tlsa(
    std::vector<FailureDetail> details = {}, std::vector<std::string> records = {"3 1 1 ab"}
) {
    return {{PolicyType::tlsa, std::move(records), mx, {}}, std::move(details)};
}

Refusal refusal(Refusal::Kind kind) {
    return {kind, "for people"};
}

TlsObservation in_clear() {
    return {};
}

TlsObservation encrypted(bool valid = true) {
    TlsObservation seen;
    seen.starttls_offered = seen.starttls_tried = true;
    seen.reached = TlsFacts{};
    seen.reached->pkix_verified = valid;
    return seen;
}

TlsObservation failing(TlsObservation seen, TlsFailure failure, bool given_up = true) {
    seen.failure = std::move(failure);
    seen.given_up = given_up;
    return seen;
}

TlsObservation not_encrypted(TlsFailure failure) {
    TlsObservation seen;
    seen.starttls_offered = seen.starttls_tried = true;
    return failing(seen, std::move(failure));
}

struct Row {
    std::string event;
    std::function<void(Ledger&)> tell;
    std::vector<std::string> results;
};

}  // namespace

// Each row of the table that the module implements: first the policies, then the sessions.
TEST_CASE("what is found, refused and met becomes the results that RFC 8460 asks for") {
    using Kind = Refusal::Kind;
    using Failed = TlsFailure::Kind;
    const std::vector<Row> table{
        {"nothing happened", [](Ledger&) {}, {}},
        {"DNSSEC fails at the domain's CNAME or MX",
         [](Ledger& ledger) { ledger.domain_lookup_failed(bogus); },
         {"domain no-policy-found example.org +0 -1; "
          "validation-failure dns-extended-error-9-dnskey-missing x1"}},
        {"another failure at the domain's MX",
         [](Ledger& ledger) { ledger.domain_lookup_failed(timed_out); },
         {}},
        {"no MTA-STS and no TLSA",
         [](Ledger& ledger) { ledger.session(mx, encrypted()); },
         {"host no-policy-found mx.test +1 -0", "domain no-policy-found example.org +1 -0"}},
        {"MTA-STS policy and TLSA records",
         [](Ledger& ledger) {
             ledger.domain_policy(sts());
             ledger.host_policy(mx, tlsa());
             ledger.session(mx, encrypted());
         },
         {"domain sts example.org +1 -0", "host tlsa mx.test +1 -0"}},
        {"policies, and no session",
         [](Ledger& ledger) {
             ledger.domain_policy(sts());
             ledger.host_policy(mx, tlsa());
         },
         {}},
        {"trouble in finding the MTA-STS policy that stops nothing",
         [](Ledger& ledger) {
             ledger.domain_policy(
                 sts({detail(ResultType::sts_policy_fetch_error, "cannot-fetch-policy")})
             );
             ledger.session(mx, encrypted());
         },
         {"host no-policy-found mx.test +1 -0",
          "domain sts example.org +1 -0; sts-policy-fetch-error cannot-fetch-policy x0"}},
        {"whether there is an MTA-STS policy cannot be found out: one session, however many hosts",
         [](Ledger& ledger) {
             ledger.domain_policy(sts({detail(ResultType::sts_policy_fetch_error, "dns-lookup")}));
             ledger.refused(mx, refusal(Kind::domain_unknown), false);
             ledger.refused("mx2.test", refusal(Kind::domain_unknown), false);
         },
         {"domain sts example.org +0 -1; sts-policy-fetch-error dns-lookup x1"}},
        {"the same under TLS-Required: No",
         [](Ledger& ledger) {
             ledger.domain_policy(sts({detail(ResultType::sts_policy_fetch_error, "dns-lookup")}));
             ledger.refused(mx, refusal(Kind::domain_unknown), true);
             ledger.session(mx, encrypted());
         },
         {"host no-policy-found mx.test +1 -0",
          "domain sts example.org +1 -0; sts-policy-fetch-error dns-lookup x1"}},
        {"a host that an enforced MTA-STS policy does not name",
         [](Ledger& ledger) {
             ledger.domain_policy(sts());
             ledger.refused(mx, refusal(Kind::domain_excludes), false);
         },
         {"domain sts example.org +0 -1; validation-failure mtasts-policy-mx-mismatch mx.test x1"}},
        {"a host that a policy in mode testing does not name",
         [](Ledger& ledger) {
             ledger.domain_policy(sts());
             ledger.refused(mx, refusal(Kind::domain_excludes), true);
             ledger.session(mx, encrypted());
         },
         {"host no-policy-found mx.test +1 -0",
          "domain sts example.org +1 -0; "
          "validation-failure mtasts-policy-mx-mismatch mx.test x1"}},
        {"DNSSEC fails at a host's addresses",
         [](Ledger& ledger) { ledger.host_lookup_failed(mx, bogus); },
         {"domain no-policy-found example.org +0 -1",
          "host tlsa mx.test +0 -1; "
          "validation-failure dns-extended-error-9-dnskey-missing mx.test x1"}},
        {"another failure at a host's addresses",
         [](Ledger& ledger) { ledger.host_lookup_failed(mx, timed_out); },
         {}},
        {"only unusable TLSA records",
         [](Ledger& ledger) {
             ledger.host_policy(
                 mx, tlsa({detail(ResultType::tlsa_invalid, "all-unusable-records+ignored")}, {})
             );
             ledger.session(mx, encrypted());
         },
         {"domain no-policy-found example.org +1 -0",
          "host tlsa mx.test +1 -0; tlsa-invalid all-unusable-records+ignored mx.test x0"}},
        {"the TLSA lookup fails",
         [](Ledger& ledger) {
             ledger.host_policy(
                 mx, tlsa({detail(ResultType::tlsa_invalid, timed_out.reason_code())}, {})
             );
             ledger.refused(mx, refusal(Kind::host_unknown), false);
         },
         {"host tlsa mx.test +0 -1; "
          "tlsa-invalid dns-extended-error-23-network-error mx.test x1"}},
        {"DANE is required, and there are no records",
         [](Ledger& ledger) {
             ledger.refused(mx, refusal(Kind::host_unproven), false);
             ledger.host_policy(mx, {{PolicyType::no_policy_found, {}, mx, {}}, {}});
         },
         {"domain no-policy-found example.org +0 -1",
          "host tlsa mx.test +0 -1; dane-required mx.test x1"}},
        {"the TLSA lookup fails by DNSSEC",
         [](Ledger& ledger) {
             ledger.host_policy(
                 mx, tlsa({detail(ResultType::dnssec_invalid, bogus.reason_code())}, {})
             );
             ledger.refused(mx, refusal(Kind::host_unknown), false);
         },
         {"domain no-policy-found example.org +0 -1",
          "host tlsa mx.test +0 -1; "
          "dnssec-invalid dns-extended-error-9-dnskey-missing mx.test x1"}},
        {"the same, and DANE is only watched",
         [](Ledger& ledger) {
             ledger.host_policy(
                 mx, tlsa({detail(ResultType::dnssec_invalid, bogus.reason_code())}, {})
             );
             ledger.refused(mx, refusal(Kind::host_unknown), true);
             ledger.session(mx, encrypted());
         },
         {"domain no-policy-found example.org +1 -0",
          "host tlsa mx.test +1 -0; "
          "dnssec-invalid dns-extended-error-9-dnskey-missing mx.test x1"}},
        {"REQUIRETLS and no policy that verifies",
         [](Ledger& ledger) { ledger.refused(mx, refusal(Kind::requiretls), false); },
         {}},
        {"STARTTLS is not announced, and mail goes in clear",
         [](Ledger& ledger) { ledger.session(mx, in_clear()); },
         {"host no-policy-found mx.test +0 -0; starttls-not-supported mx.test x1",
          "domain no-policy-found example.org +0 -0; starttls-not-supported mx.test x1"}},
        {"the certificate matches no record, and DANE is only watched",
         [](Ledger& ledger) {
             ledger.host_policy(mx, tlsa());
             TlsObservation seen = encrypted();
             seen.reached->dane_verified = false;
             ledger.session(mx, seen);
         },
         {"domain no-policy-found example.org +1 -0",
          "host tlsa mx.test +1 -0; validation-failure dane-no-match mx.test x1"}},
        {"STARTTLS is refused",
         [](Ledger& ledger) {
             ledger.session(mx, not_encrypted({Failed::starttls_refused, "", "", 454}));
         },
         {"host no-policy-found mx.test +0 -1; "
          "starttls-not-supported smtp-starttls-reply-code-454 mx.test x1",
          "domain no-policy-found example.org +0 -1; "
          "starttls-not-supported smtp-starttls-reply-code-454 mx.test x1"}},
        {"the handshake fails",
         [](Ledger& ledger) {
             ledger.domain_policy(sts());
             ledger.session(
                 mx, not_encrypted({Failed::handshake, "", "tls-remote-alert-40-handshake-failure"})
             );
         },
         {"host no-policy-found mx.test +0 -1; "
          "validation-failure tls-remote-alert-40-handshake-failure mx.test x1",
          "domain sts example.org +0 -1; "
          "validation-failure tls-remote-alert-40-handshake-failure mx.test x1"}},
        {"a certificate that nobody trusts, and nobody asks",
         [](Ledger& ledger) { ledger.session(mx, encrypted(false)); },
         {"host no-policy-found mx.test +1 -0",
          "domain no-policy-found example.org +1 -0; certificate-not-trusted mx.test x1"}},
        {"a certificate that nobody trusts, and MTA-STS is enforced",
         [](Ledger& ledger) {
             ledger.domain_policy(sts());
             ledger.session(mx, failing(encrypted(false), {Failed::pkix, "", ""}));
         },
         {"host no-policy-found mx.test +0 -1",
          "domain sts example.org +0 -1; certificate-not-trusted mx.test x1"}},
        {"the same, ignored for TLS-Required: No",
         [](Ledger& ledger) {
             ledger.domain_policy(sts());
             ledger.session(mx, failing(encrypted(false), {Failed::pkix, "", ""}, false));
         },
         {"host no-policy-found mx.test +1 -0",
          "domain sts example.org +1 -0; certificate-not-trusted mx.test x1"}},
        {"no TLSA record matches",
         [](Ledger& ledger) {
             ledger.host_policy(mx, tlsa());
             ledger.session(mx, failing(encrypted(), {Failed::dane, "", "dane-no-match+errors"}));
         },
         {"domain no-policy-found example.org +0 -1",
          "host tlsa mx.test +0 -1; validation-failure dane-no-match+errors mx.test x1"}},
        {"no TLSA record matches, and it is ignored",
         [](Ledger& ledger) {
             ledger.host_policy(mx, tlsa());
             ledger.session(mx, failing(encrypted(), {Failed::dane, "", ""}, false));
         },
         {"domain no-policy-found example.org +1 -0",
          "host tlsa mx.test +1 -0; validation-failure dane-no-match mx.test x1"}},
        {"an alert at the first read after the handshake",
         [](Ledger& ledger) {
             ledger.session(
                 mx,
                 failing(
                     encrypted(), {Failed::alert_after, "", "tls-remote-alert-42-bad-certificate"}
                 )
             );
         },
         {"host no-policy-found mx.test +0 -1; "
          "validation-failure tls-remote-alert-42-bad-certificate mx.test x1",
          "domain no-policy-found example.org +0 -1; "
          "validation-failure tls-remote-alert-42-bad-certificate mx.test x1"}},
        {"a domain without MX and with TLSA records: its own result would count the session twice",
         [](Ledger& ledger) {
             ledger.host_policy(
                 "example.org", {{PolicyType::tlsa, {"3 1 1 ab"}, "example.org", {}}, {}}
             );
             ledger.session("example.org", encrypted());
         },
         {"host tlsa example.org +1 -0"}},
        {"a domain without MX and without policies",
         [](Ledger& ledger) { ledger.session("example.org", encrypted(false)); },
         {"domain no-policy-found example.org +1 -0; "
          "certificate-not-trusted example.org x1"}},
        {"a domain without MX, with a policy of MTA-STS",
         [](Ledger& ledger) {
             ledger.domain_policy(sts());
             ledger.session("example.org", encrypted());
         },
         {"domain sts example.org +1 -0"}},
        {"two hosts, one after the other",
         [](Ledger& ledger) {
             ledger.session(
                 mx, not_encrypted({Failed::handshake, "", "io-timeout-during-handshake"})
             );
             ledger.session("mx2.test", encrypted());
         },
         {"host no-policy-found mx.test +0 -1; "
          "validation-failure io-timeout-during-handshake mx.test x1",
          "host no-policy-found mx2.test +1 -0",
          "domain no-policy-found example.org +1 -1; "
          "validation-failure io-timeout-during-handshake mx.test x1"}},
    };
    for (const Row& row : table) {
        CAPTURE(row.event);
        Ledger ledger("example.org");
        row.tell(ledger);
        auto expected = row.results;
        auto found = describe(ledger.results());
        std::sort(expected.begin(), expected.end());
        std::sort(found.begin(), found.end());
        CHECK(
            fmt::format("{}", fmt::join(found, "\n")) ==
            fmt::format("{}", fmt::join(expected, "\n"))
        );
    }
}

TEST_CASE("a detail of a session says who talked to whom") {
    TlsObservation seen = not_encrypted({TlsFailure::Kind::starttls_refused, "", "", 502});
    seen.sending_ip = "192.0.2.1";
    seen.receiving_ip = "192.0.2.2";
    seen.helo = "mx.test ESMTP";
    Ledger ledger("example.org");
    ledger.session(mx, seen);
    for (const Result& result : ledger.results())
        CHECK(
            describe(result.details.at(0)) ==
            "starttls-not-supported smtp-starttls-reply-code-502 mx.test 192.0.2.1 192.0.2.2 "
            "mx.test ESMTP x1"
        );
}

TEST_CASE("policies may be told after the sessions under them") {
    Ledger before("example.org"), after("example.org");
    before.domain_policy(sts());
    before.host_policy(mx, tlsa());
    before.session(mx, encrypted());
    after.session(mx, encrypted());
    after.host_policy(mx, tlsa());
    after.domain_policy(sts());
    CHECK(before.results() == after.results());
}
