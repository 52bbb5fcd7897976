// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "core/net/tls/requirement.hpp"

using outpost::tls::DaneRequirement;
using outpost::tls::TlsRequirement;

namespace {

std::vector<TlsRequirement> samples() {
    TlsRequirement dane, forbidden;
    dane.dane.push_back({"mx.test", {{3, 1, 1, "x"}}, {"mx.test"}});
    dane.sources = {"dane"};
    forbidden.forbidden = {
        {outpost::tls::Refusal::Kind::domain_excludes, "MTA-STS does not list this host"}
    };
    return {
        TlsRequirement::opportunistic(),
        TlsRequirement::encrypted("route"),
        TlsRequirement::verified({"mx.test", "example.test"}, "mta-sts"),
        dane,
        forbidden,
        TlsRequirement::verified({"mx.test"}, "route").relaxed(),
    };
}

}  // namespace

TEST_CASE("the join is commutative, associative and idempotent") {
    for (const auto& a : samples()) {
        for (const auto& b : samples()) {
            CHECK(a.stricter(b) == b.stricter(a));
            for (const auto& c : samples())
                CHECK(a.stricter(b).stricter(c) == a.stricter(b.stricter(c)));
        }
        CHECK(a.stricter(a) == a);
    }
}

TEST_CASE("a join asks for all that either side asks for") {
    const auto both = samples()[2].stricter(samples()[3]);
    CHECK(both.must_use_tls);
    CHECK(both.pkix.size() == 1);
    CHECK(both.dane.size() == 1);
    CHECK_FALSE(both.plaintext_allowed());
    // One who ignores errors does not speak for the other.
    CHECK_FALSE(samples()[5].stricter(samples()[1]).ignore_errors);
}

TEST_CASE("clear text is allowed only where nobody asks for more") {
    const bool allowed[] = {true, false, false, false, false, true};
    for (std::size_t i = 0; i < samples().size(); ++i)
        CHECK(samples()[i].plaintext_allowed() == allowed[i]);
}

TEST_CASE("requirements describe themselves") {
    CHECK(samples()[0].describe() == "opportunistic");
    CHECK(samples()[1].describe() == "encrypted");
    CHECK(samples()[2].describe() == "pkix(example.test,mx.test)");
    CHECK(
        samples()[3].stricter(TlsRequirement::verified({"a.test"}, "x")).describe() ==
        "dane+pkix(a.test)"
    );
}

TEST_CASE("no two requirements share the key of a session, not even where they look alike") {
    auto all = samples();
    TlsRequirement record_more = samples()[3], refusal_more = samples()[3];
    record_more.dane[0].records.push_back({3, 1, 2, "y"});
    refusal_more.forbidden = {{outpost::tls::Refusal::Kind::domain_unknown, "3 1 2 79"}};
    TlsRequirement other_kind = refusal_more, other_base = samples()[3], one_name = samples()[2];
    other_kind.forbidden[0].kind = outpost::tls::Refusal::Kind::host_unknown;
    other_base.dane[0].base_domain = "real.test";
    one_name.pkix[0].names = {"example.test,mx.test"};
    for (const auto& one : {record_more, refusal_more, other_kind, other_base, one_name})
        all.push_back(one);
    for (const auto& a : all) {
        for (const auto& b : all)
            CHECK((a.exact() == b.exact()) == (a == b));
    }
}
