// SPDX-License-Identifier: Apache-2.0
#include "policies/mta_sts/decide.hpp"

#include <doctest/doctest.h>

using namespace outpost;
using namespace outpost::mta_sts;
using namespace std::chrono_literals;
using delivery::PolicyMode;
using Kind = Trouble::Kind;

namespace {

const WallTime now = WallTime(std::chrono::hours(500'000));

Policy policy(Mode mode) {
    return {mode, 86400s, {"mx.example"}, "mode: " + std::string(text(mode)) + "\n"};
}
Entry entry(Mode mode, Duration left = 1h) {
    Entry entry;
    entry.version = 1;
    entry.record_id = "1";
    entry.policy = policy(mode);
    entry.valid_until = now + std::chrono::duration_cast<WallTime::duration>(left);
    return entry;
}
Entry with_setback(Entry entry, std::chrono::seconds left) {
    entry.version = 2;
    entry.setback = Setback{{Kind::cannot_fetch, "no answer"}, now + left};
    return entry;
}
Lookup found(std::string id) {
    return id;
}
Lookup failed(Kind kind) {
    return Err{Trouble{kind, "why"}};
}

/// What holds and what is done, in short.
std::string brief(const Decision& decision) {
    std::string out = decision.standing.policy
                          ? std::string(text(decision.standing.policy->mode))
                          : std::string(decision.standing.unknown ? "unknown" : "nothing");
    if (decision.standing.trouble) out += " " + std::string(text(decision.standing.trouble->kind));
    if (decision.fetch) out += " fetch " + *decision.fetch;
    return out;
}
std::string decided(const Lookup& lookup, const Entry& entry) {
    return brief(decide(lookup, entry, now));
}
std::string refreshed(const Lookup& lookup, const Entry& entry) {
    const Refresh refresh = decide_refresh(lookup, entry, now);
    switch (refresh.kind) {
        case Refresh::Kind::fetch:
            return "fetch " + refresh.record_id;
        case Refresh::Kind::forget:
            return "forget";
        case Refresh::Kind::fail:
            break;
    }
    return "fail " + std::string(text(refresh.trouble->kind));
}

}  // namespace

TEST_CASE("on first contact a record leads to a fetch, and only a failed lookup stops mail") {
    CHECK(decided(found("1"), {}) == "nothing fetch 1");
    CHECK(decided(failed(Kind::no_record), {}) == "nothing");
    CHECK(decided(failed(Kind::several_records), {}) == "nothing multiple-mta-sts-records");
    CHECK(decided(failed(Kind::broken_record), {}) == "nothing record-syntax-error");
    CHECK(decided(failed(Kind::dns_lookup), {}) == "unknown dns-lookup");
}

TEST_CASE("a cached policy outlives its record and the DNS, and an unchanged id asks nobody") {
    const Entry cached = entry(Mode::enforce);
    CHECK(decided(found("1"), cached) == "enforce");
    CHECK(decided(failed(Kind::no_record), cached) == "enforce no-mta-sts-record");
    CHECK(decided(failed(Kind::several_records), cached) == "enforce multiple-mta-sts-records");
    CHECK(decided(failed(Kind::broken_record), cached) == "enforce record-syntax-error");
    CHECK(decided(failed(Kind::dns_lookup), cached) == "enforce dns-lookup");
    CHECK(decided(found("2"), cached) == "enforce fetch 2");
}

TEST_CASE("a policy whose time is over counts no more") {
    const Entry over = entry(Mode::enforce, 0s);
    CHECK(decided(found("1"), over) == "nothing fetch 1");
    CHECK(decided(failed(Kind::no_record), over) == "nothing");
    CHECK(decided(failed(Kind::dns_lookup), over) == "unknown dns-lookup");
}

TEST_CASE("after a failed fetch deliveries do not try another for a while") {
    const Entry new_one = with_setback({}, 10s);
    CHECK(decided(found("1"), new_one) == "nothing back-off-after-recent-fetch-error");
    CHECK(decided(found("1"), with_setback({}, 0s)) == "nothing fetch 1");

    const Entry cached = with_setback(entry(Mode::enforce), 10s);
    CHECK(decided(found("1"), cached) == "enforce");
    CHECK(decided(found("2"), cached) == "enforce back-off-after-recent-fetch-error");
    CHECK(decided(found("2"), with_setback(entry(Mode::enforce), 0s)) == "enforce fetch 2");
}

TEST_CASE("after a fetch that failed the cached policy holds, or none") {
    const Trouble trouble{Kind::bad_certificate, "expired", "certificate-expired"};
    const Standing cached{policy(Mode::enforce), false, {}};
    CHECK(after_failure(cached, trouble) == Standing{policy(Mode::enforce), false, trouble});
    CHECK(after_failure({}, trouble) == Standing{{}, false, trouble});
}

TEST_CASE("a refresh fetches even without a record, so that nobody ends a policy by suppressing it"
) {
    CHECK(refreshed(found("2"), entry(Mode::enforce)) == "fetch 2");
    CHECK(refreshed(failed(Kind::dns_lookup), entry(Mode::enforce)) == "fetch 1");
    CHECK(refreshed(failed(Kind::no_record), entry(Mode::enforce)) == "fetch 1");
    CHECK(refreshed(failed(Kind::no_record), entry(Mode::testing)) == "fetch 1");
    CHECK(refreshed(failed(Kind::broken_record), entry(Mode::none)) == "fetch 1");
    CHECK(refreshed(failed(Kind::dns_lookup), entry(Mode::none)) == "fetch 1");
}

TEST_CASE("a refresh forgets a policy of mode none whose record is gone, and what is spent") {
    CHECK(refreshed(failed(Kind::no_record), entry(Mode::none)) == "forget");
    CHECK(refreshed(failed(Kind::no_record), entry(Mode::enforce, 0s)) == "forget");
    CHECK(refreshed(failed(Kind::no_record), {}) == "forget");
    CHECK(refreshed(failed(Kind::dns_lookup), {}) == "fail dns-lookup");
    CHECK(refreshed(found("7"), {}) == "fetch 7");
}

TEST_CASE("an answer of the DNS is an id, or why there is none") {
    dns::Answer answer;
    CHECK(read_lookup(answer).error().kind == Kind::no_record);
    answer.records = {{dns::Type::txt, 0, "v=spf1"}, {dns::Type::txt, 0, "v=STSv1; id=42"}};
    CHECK(*read_lookup(answer) == "42");
    answer.records.push_back(answer.records.back());
    CHECK(read_lookup(answer).error().kind == Kind::several_records);

    dns::Failure failure{dns::Failure::Kind::servfail, "192.0.2.53 said\nSERVFAIL"};
    failure.extended_error = 9;
    const auto trouble = read_lookup(Err{failure}).error();
    CHECK(trouble.kind == Kind::dns_lookup);
    CHECK(trouble.code == failure.reason_code());
    CHECK(trouble.text.find('\n') == std::string::npos);
}

TEST_CASE("an enforced policy wants its hosts verified, and the others not used") {
    const Standing standing{policy(Mode::enforce), false, {}};
    const auto named = demand(standing, "mx.example", PolicyMode::enforce);
    CHECK(named.enforced == tls::TlsRequirement::verified({"mx.example"}, "mta-sts"));
    CHECK(named.watched == tls::TlsRequirement::opportunistic());

    const auto other = demand(standing, "mx.evil.example", PolicyMode::enforce);
    REQUIRE(other.enforced.forbidden.size() == 1);
    CHECK(other.enforced.forbidden[0].kind == tls::Refusal::Kind::domain_excludes);
    CHECK_FALSE(other.enforced.plaintext_allowed());
}

TEST_CASE("a policy in testing, and any that is only reported, stops nothing") {
    for (const auto& [of_domain, of_route] :
         {std::pair{Mode::testing, PolicyMode::enforce},
          {Mode::enforce, PolicyMode::watch},
          {Mode::testing, PolicyMode::watch}}) {
        const Standing standing{policy(of_domain), false, {}};
        const auto other = demand(standing, "mx.evil.example", of_route);
        CHECK(other.enforced == tls::TlsRequirement::opportunistic());
        CHECK(other.watched.forbidden.size() == 1);
    }
    const Standing enforce{policy(Mode::enforce), false, {}}, none{policy(Mode::none), false, {}};
    CHECK(demand(enforce, "mx.example", PolicyMode::off) == tls::TlsDemand());
    CHECK(demand(none, "mx.evil.example", PolicyMode::enforce) == tls::TlsDemand());
    CHECK(demand({}, "mx.evil.example", PolicyMode::enforce) == tls::TlsDemand());
}

TEST_CASE("where it could not be found out whether there is a policy, no host is used") {
    const Standing standing{{}, true, Trouble{Kind::dns_lookup, "SERVFAIL"}};
    const auto unknown = demand(standing, "mx.example", PolicyMode::enforce);
    REQUIRE(unknown.enforced.forbidden.size() == 1);
    CHECK(unknown.enforced.forbidden[0].kind == tls::Refusal::Kind::domain_unknown);
    CHECK(unknown.enforced.forbidden[0].reason.find("SERVFAIL") != std::string::npos);
    CHECK(demand(standing, "mx.example", PolicyMode::watch).enforced == tls::TlsRequirement());
}

namespace {

struct Report {
    const char* says;
    Standing standing;
    tlsrpt::PolicyType type;
    std::string result;  ///< type and reason; empty: no detail
};

std::string detail_of(const tlsrpt::Finding& finding) {
    if (finding.details.empty()) return "";
    REQUIRE(finding.details.size() == 1);
    const auto& detail = finding.details.front();
    CHECK(detail.sessions == 0);
    return std::to_string(static_cast<int>(detail.type)) + " " + detail.failure_reason_code;
}
std::string result(tlsrpt::ResultType type, const std::string& reason) {
    return std::to_string(static_cast<int>(type)) + " " + reason;
}

}  // namespace

TEST_CASE("TLS reports hear what was found, and what failed on the way") {
    using tlsrpt::PolicyType;
    using tlsrpt::ResultType;
    const auto trouble = [](Kind kind, std::string code = {}) {
        return Trouble{kind, "why", std::move(code)};
    };
    const auto fetch_error = ResultType::sts_policy_fetch_error;
    const auto nothing = PolicyType::no_policy_found, sts = PolicyType::sts;
    const std::vector<Report> reports{
        {"no record", {}, nothing, ""},
        {"a policy", {policy(Mode::enforce), false, {}}, sts, ""},
        {"one in testing", {policy(Mode::testing), false, {}}, sts, ""},
        {"one of mode none", {policy(Mode::none), false, {}}, nothing, ""},
        {"mode none, and the record is gone",
         {policy(Mode::none), false, trouble(Kind::no_record)},
         nothing,
         ""},
        {"several records",
         {{}, false, trouble(Kind::several_records)},
         sts,
         result(fetch_error, "multiple-mta-sts-records")},
        {"a broken record",
         {{}, false, trouble(Kind::broken_record)},
         sts,
         result(fetch_error, "record-syntax-error")},
        {"404",
         {{}, false, trouble(Kind::no_policy_served)},
         sts,
         result(fetch_error, "no-policy-served")},
        {"no connection",
         {{}, false, trouble(Kind::cannot_fetch)},
         sts,
         result(fetch_error, "cannot-fetch-policy")},
        {"certificate",
         {{}, false, trouble(Kind::bad_certificate, "certificate-expired")},
         sts,
         result(ResultType::sts_webpki_invalid, "certificate-expired")},
        {"no policy",
         {{}, false, trouble(Kind::bad_policy)},
         sts,
         result(ResultType::sts_policy_invalid, "policy-syntax-error")},
        {"DNS",
         {{}, true, trouble(Kind::dns_lookup, "dns-extended-error-22-no-reachable-authority")},
         sts,
         result(fetch_error, "dns-extended-error-22-no-reachable-authority")},
        {"resting",
         {{}, false, trouble(Kind::backing_off)},
         sts,
         result(fetch_error, "back-off-after-recent-fetch-error")},
        {"cached",
         {policy(Mode::enforce), false, trouble(Kind::cannot_fetch)},
         sts,
         result(fetch_error, "cannot-fetch-policy+fallback-to-cached-policy")},
        {"cached, record gone",
         {policy(Mode::testing), false, trouble(Kind::no_record)},
         sts,
         result(fetch_error, "no-mta-sts-record+fallback-to-cached-policy")},
        {"cached none, DNS",
         {policy(Mode::none), false, trouble(Kind::dns_lookup)},
         nothing,
         result(fetch_error, "dns-lookup")},
        {"our own side failed", {{}, true, {}}, nothing, ""},
    };
    for (const Report& report : reports) {
        CAPTURE(report.says);
        const auto finding = mta_sts::finding(report.standing, "rcpt.example");
        CHECK(finding.policy.domain == "rcpt.example");
        CHECK(finding.policy.type == report.type);
        CHECK(detail_of(finding) == report.result);
    }
    const auto quoted = mta_sts::finding(
        {parse_policy("version: STSv1\r\nmode: enforce\r\nmx: "
                      "*.example\r\nmax_age: 5\r\n")
             .value(),
         false,
         {}},
        "rcpt.example"
    );
    CHECK(
        quoted.policy.strings ==
        std::vector<std::string>{"version: STSv1", "mode: enforce", "mx: *.example", "max_age: 5"}
    );
    CHECK(quoted.policy.mx_hosts == std::vector<std::string>{"*.example"});
}

TEST_CASE("each kind of trouble has a word of its own") {
    for (const Kind kind :
         {Kind::dns_lookup, Kind::no_record, Kind::several_records, Kind::broken_record,
          Kind::no_policy_served, Kind::cannot_fetch, Kind::bad_certificate, Kind::bad_policy,
          Kind::backing_off})
        CHECK(parse_trouble(text(kind)) == kind);
    CHECK_FALSE(parse_trouble("what"));
}
