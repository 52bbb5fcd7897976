// SPDX-License-Identifier: Apache-2.0
#include "core/domains/check/mta_sts.hpp"

#include <doctest/doctest.h>

#include "tests/unit/domains/check/lookups.hpp"

using namespace outpost;
using namespace outpost::domain_check;
using namespace std::chrono_literals;
using dns::Type;
using Served = Result<http_client::Response, http_client::Failure>;
using Said = std::vector<std::string>;

namespace {

using Mode = domain_records::MtaStsPolicy::Mode;

domain_records::MtaStsPolicy a_policy() {
    return {Mode::enforce, {"mx1.a.example", "*.b.example"}, 14 * 24h};
}

Served serves(const domain_records::MtaStsPolicy& policy) {
    return http_client::Response{200, "text/plain", domain_records::policy_text(policy)};
}

Served fails(http_client::Failure::Kind kind) {
    return Err{http_client::Failure{kind, "it fails"}};
}

const Lookup both = test::found(Type::mx, {"MX1.a.example", "mx.b.example"});

Said judge(const Served& served, const Lookup& mx = both) {
    return test::said(judge_sts_policy("a.example", a_policy(), served, mx));
}

/// What is said when this one is served and configured.
Said judge_own(const domain_records::MtaStsPolicy& policy) {
    return test::said(judge_sts_policy("a.example", policy, serves(policy), both));
}

}  // namespace

TEST_CASE("the configured policy, with all hosts of the MX records, is ok") {
    CHECK(judge(serves(a_policy())) == Said{"ok: the configured policy is served"});
    CHECK(judge(serves(a_policy()), test::failed()) == Said{"ok: the configured policy is served"});
}

TEST_CASE("another policy than the configured one is wrong") {
    auto other = a_policy();
    other.mode = Mode::testing;
    CHECK(judge(serves(other)).front() == "wrong: its mode is testing, and enforce is configured");
    other = a_policy();
    other.max_age = 48h;
    CHECK(judge(serves(other)) == Said{"wrong: its max_age is 172800, and 1209600 is configured"});
    other = a_policy();
    other.mx.push_back("mx3.a.example");
    CHECK(
        judge(serves(other)).front().starts_with("wrong: it names mx1.a.example, *.b.example, mx3")
    );
}

TEST_CASE("policy and MX records name the same hosts") {
    CHECK(
        judge(
            serves(a_policy()),
            test::found(Type::mx, {"mx1.a.example", "mx.b.example", "x.c.b.example"})
        ) == Said{"wrong: it does not name x.c.b.example, which the MX records do"}
    );
    CHECK(
        judge(serves(a_policy()), test::found(Type::mx, {"mx1.a.example"})) ==
        Said{"warning: it names *.b.example, which no MX record does"}
    );
}

TEST_CASE("a policy that protects little is warned about") {
    auto policy = a_policy();
    policy.max_age = 24h;
    CHECK(judge_own(policy).front().starts_with("warning: senders forget it after 86400 s"));
    policy = a_policy();
    policy.mode = Mode::testing;
    CHECK(judge_own(policy) == Said{"warning: mode testing: nobody insists on verified TLS"});
    policy.mode = Mode::none;
    CHECK(judge_own(policy).size() == 1);
}

TEST_CASE("a policy host that does not exist or has none lacks it; others are wrong, or down") {
    using Kind = http_client::Failure::Kind;
    const auto grade = [](const Served& served) {
        return judge(served).front().substr(0, judge(served).front().find(':'));
    };
    CHECK(grade(fails(Kind::no_address)) == "missing");
    CHECK(grade(http_client::Response{404, "text/html", ""}) == "missing");
    CHECK(grade(http_client::Response{500, "text/html", ""}) == "wrong");
    CHECK(grade(http_client::Response{301, "text/html", ""}) == "wrong");
    CHECK(
        grade(http_client::Response{200, "text/html", domain_records::policy_text(a_policy())}) ==
        "wrong"
    );
    CHECK(grade(http_client::Response{200, "text/plain", "nonsense"}) == "wrong");
    CHECK(grade(fails(Kind::certificate)) == "wrong");
    CHECK(grade(fails(Kind::connect)) == "wrong");
    CHECK(grade(fails(Kind::timeout)) == "unknown");
    CHECK(grade(fails(Kind::dns)) == "unknown");
    http_client::Failure bogus{Kind::dns, "it fails"};
    bogus.lookup = dns::Failure{dns::Failure::Kind::bogus, "signature expired"};
    CHECK(grade(Err{bogus}) == "wrong");
}

TEST_CASE("advice about a policy host names it") {
    using Kind = http_client::Failure::Kind;
    const auto advice = [](Kind kind) {
        return judge_sts_policy("a.example", a_policy(), fails(kind), both).front().advice;
    };
    CHECK(advice(Kind::no_address) == "publish mta-sts.a.example, and serve the policy there");
    CHECK(
        advice(Kind::certificate) == "get a certificate for mta-sts.a.example that everybody trusts"
    );
}

TEST_CASE("the record announces the configured policy") {
    const auto judge = [](const Lookup& answer) {
        return judge_sts_record("a.example", answer, "v=STSv1; id=abc").grade;
    };
    CHECK(judge(test::found(Type::txt, {"v=STSv1; id=abc;"})) == Grade::ok);
    CHECK(judge(test::found(Type::txt, {"v=STSv1; id=old"})) == Grade::warning);
    CHECK(judge(test::found(Type::txt, {"v=STSv1; id=a-b"})) == Grade::wrong);
    CHECK(judge(test::found(Type::txt, {"v=STSv1; id=abc", "v=STSv1; id=abc"})) == Grade::wrong);
    CHECK(judge(test::found(Type::txt, {"site=1"})) == Grade::missing);
    CHECK(judge(test::failed()) == Grade::unknown);
}
