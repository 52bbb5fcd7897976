// SPDX-License-Identifier: Apache-2.0
#include "core/domains/check/finding.hpp"

#include <doctest/doctest.h>

#include "core/domains/check/resolver.hpp"
#include "tests/unit/domains/check/lookups.hpp"

using namespace outpost;
using namespace outpost::domain_check;

TEST_CASE("what nobody answers is unknown, what DNSSEC lets no answer through for is wrong") {
    using Kind = dns::Failure::Kind;
    const auto silent = no_answer(Topic::spf, "a.example", {Kind::timeout, "silence"});
    CHECK(test::said(silent) == "unknown: no answer: silence");
    CHECK(!silent.about.security);
    const auto bogus = no_answer(Topic::spf, "a.example", {Kind::bogus, "signature expired"});
    CHECK(test::said(bogus) == "wrong: DNSSEC lets no answer through: signature expired");
    CHECK(bogus.about.security == dns::Security::bogus);
}

TEST_CASE("the gravest finding decides: wrong before missing before unknown before a warning") {
    const auto of = [](Grade grade) { return problem(grade, {}, {}, {}); };
    CHECK(gravest({}) == Grade::ok);
    CHECK(gravest({of(Grade::warning), of(Grade::ok)}) == Grade::warning);
    CHECK(gravest({of(Grade::unknown), of(Grade::warning)}) == Grade::unknown);
    CHECK(gravest({of(Grade::missing), of(Grade::unknown)}) == Grade::missing);
    CHECK(gravest({of(Grade::missing), of(Grade::wrong)}) == Grade::wrong);
}

TEST_CASE("a resolver validates when the root is secure by it") {
    using dns::Security;
    using dns::SecurityMode;
    const auto root = [](Security security) {
        return test::found(dns::Type::soa, {"a.root-servers.net."}, security);
    };
    CHECK(judge_resolver(root(Security::secure), SecurityMode::automatic).grade == Grade::ok);
    CHECK(judge_resolver(root(Security::insecure), SecurityMode::trust_ad).grade == Grade::wrong);
    const auto forwarder = judge_resolver(root(Security::indeterminate), SecurityMode::automatic);
    CHECK(forwarder.grade == Grade::wrong);
    CHECK(forwarder.advice.find("validate") != std::string::npos);
    const auto chosen = judge_resolver(root(Security::indeterminate), SecurityMode::none);
    CHECK(chosen.grade == Grade::warning);
    CHECK(judge_resolver(test::failed(), SecurityMode::automatic).grade == Grade::unknown);
}
