// SPDX-License-Identifier: Apache-2.0
#include "core/publication/compare.hpp"

#include <doctest/doctest.h>

using namespace outpost;
using namespace outpost::publication;

namespace {

using dns::Type;
using Outcome = Result<dns::Answer, dns::Failure>;

Outcome answer(
    Type type, const std::vector<std::string>& texts, dns::Security security = dns::Security::secure
) {
    dns::Answer answer;
    for (const auto& text : texts)
        answer.records.push_back({type, 10, text});
    answer.security = security;
    return answer;
}

Wanted wanted(const std::string& name, Type type, const std::vector<std::string>& values) {
    Wanted wanted{name, type, {}};
    for (const auto& value : values)
        wanted.records.push_back({name, type, value, "Why"});
    return wanted;
}

/// "ok", or "wrong: why", of the only record.
std::string compared(const Wanted& wanted, const Outcome& outcome) {
    const auto findings = compare(wanted, outcome);
    REQUIRE(findings.size() == wanted.records.size());
    const auto& first = findings.front();
    return std::string(text(first.kind)) + (first.problem.empty() ? "" : ": " + first.problem);
}

}  // namespace

TEST_CASE("records of one name and type are asked for once") {
    const auto all = questions(
        {{"a", Type::mx, "10 b.", ""}, {"a", Type::txt, "v=spf1", ""}, {"a", Type::mx, "20 c.", ""}}
    );
    REQUIRE(all.size() == 2);
    CHECK(all[0].records.size() == 2);
    CHECK(all[1].type == Type::txt);
}

TEST_CASE("a text is ok whatever else the name says, unless there are two for its purpose") {
    const auto spf = wanted("a", Type::txt, {"v=spf1 ip4:192.0.2.1 ~all"});
    CHECK(compared(spf, answer(Type::txt, {"site=1", "v=spf1 ip4:192.0.2.1 ~all"})) == "ok");
    CHECK(compared(spf, answer(Type::txt, {"site=1"})) == "missing: there is no such record");
    CHECK(
        compared(spf, answer(Type::txt, {"v=spf1 -all"})) == "wrong: there is v=spf1 -all instead"
    );
    CHECK(
        compared(spf, answer(Type::txt, {"v=spf1 ip4:192.0.2.1 ~all", "v=spf1 -all"})) ==
        "wrong: there may be only one: v=spf1 ip4:192.0.2.1 ~all and v=spf1 -all"
    );
}

TEST_CASE("DKIM keys are compared as keys, not as texts") {
    const auto key = wanted("s._domainkey.a", Type::txt, {"v=DKIM1; k=rsa; p=AAAA"});
    CHECK(compared(key, answer(Type::txt, {"p=AA AA"})) == "ok");
    CHECK(compared(key, answer(Type::txt, {"p=AAAB"})) == "wrong: there is p=AAAB instead");
    CHECK(compared(key, answer(Type::txt, {"v=DKIM1; k=ed25519; p=AAAA"})).starts_with("wrong"));
    CHECK(compared(key, answer(Type::txt, {"v=DKIM1; p="})).starts_with("wrong"));
}

TEST_CASE("of a set, each record may be there or missing, and others must not be") {
    const auto mx = wanted("a", Type::mx, {"10 b.", "10 c."});
    const auto some = compare(mx, answer(Type::mx, {"b"}));
    CHECK(some[0].kind == Finding::Kind::ok);
    CHECK(some[1].kind == Finding::Kind::missing);
    const auto more = compare(mx, answer(Type::mx, {"b", "c", "old"}));
    CHECK(more[0].problem == "others are there too: 10 b. and 10 c. and 10 old.");
    CHECK(more[1].kind == Finding::Kind::wrong);
    const auto both = compare(mx, answer(Type::mx, {"C", "b"}));
    CHECK(both[0].kind == Finding::Kind::ok);
    CHECK(both[1].kind == Finding::Kind::ok);
}

TEST_CASE("TLSA records count only in a secure answer, and others may be there for other keys") {
    const auto octets = std::string("\3\1\1") + std::string(32, '\x01');
    std::string hex;
    for (int i = 0; i < 32; ++i)
        hex += "01";
    const auto tlsa = wanted("_25._tcp.mx", Type::tlsa, {"3 1 1 " + hex});
    const auto other = std::string("\3\1\1") + std::string(32, '\x02');
    CHECK(compared(tlsa, answer(Type::tlsa, {octets, other})) == "ok");
    CHECK(compared(tlsa, answer(Type::tlsa, {other})).starts_with("wrong: there is 3 1 1 0202"));
    CHECK(
        compared(tlsa, answer(Type::tlsa, {octets}, dns::Security::insecure)) ==
        "wrong: the answer is insecure, so that nobody looks at it: sign the zone"
    );
}

TEST_CASE("without an answer nothing is known, and a bogus one says so") {
    const auto spf = wanted("a", Type::txt, {"v=spf1 -all"});
    const auto findings =
        compare(spf, Outcome(Err{dns::Failure{dns::Failure::Kind::bogus, "signature expired"}}));
    REQUIRE(findings.size() == 1);
    CHECK(findings[0].kind == Finding::Kind::unknown);
    CHECK(findings[0].security == dns::Security::bogus);
    CHECK(findings[0].problem == "signature expired");
}

TEST_CASE("a name that does not exist lacks all its records") {
    dns::Answer nothing;
    nothing.nxdomain = true;
    CHECK(
        compared(wanted("a", Type::ptr, {"mx.a."}), Outcome(nothing)) ==
        "missing: the name does not exist"
    );
}
