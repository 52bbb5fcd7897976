// SPDX-License-Identifier: Apache-2.0
#include "policies/dane/demand.hpp"

#include <doctest/doctest.h>

using namespace outpost;
using dane::Finding;
using delivery::PolicyMode;
using Names = std::vector<std::string>;

namespace {

const tls::TlsaRecord first{3, 1, 1, std::string(32, 'a')}, second{2, 0, 1, std::string(32, 'b')};

}  // namespace

TEST_CASE("usable records must match, unusable ones ask for TLS, a failed lookup forbids the host"
) {
    CHECK(dane::requirement({}) == tls::TlsRequirement::opportunistic());

    const Finding found{"mx.test", {first, second, first}, {}, {"mx.test", "rcpt.test"}};
    const auto usable = dane::requirement(found);
    CHECK(usable.must_use_tls);
    REQUIRE(usable.dane.size() == 1);
    CHECK(usable.dane[0].base_domain == "mx.test");
    CHECK(usable.dane[0].records == std::vector{second, first});
    CHECK(usable.dane[0].names == Names{"mx.test", "rcpt.test"});
    CHECK(usable.sources == Names{"dane"});

    CHECK(dane::requirement({"mx.test", {}, {}, {}}) == tls::TlsRequirement::encrypted("dane"));

    const dns::Failure failure{dns::Failure::Kind::servfail, "SERVFAIL"};
    const auto unknown = dane::requirement({"mx.test", {}, failure, {}});
    REQUIRE(unknown.forbidden.size() == 1);
    CHECK(unknown.forbidden[0].kind == tls::Refusal::Kind::host_unknown);
    CHECK_FALSE(unknown.plaintext_allowed());
}

TEST_CASE("what is only watched enforces nothing, and what is off asks nothing") {
    const Finding found{"mx.test", {first}, {}, {"mx.test"}};
    const auto asked = dane::requirement(found);
    CHECK(demand(PolicyMode::enforce, found) == tls::TlsDemand{asked, {}});
    CHECK(demand(PolicyMode::watch, found) == tls::TlsDemand{{}, asked});
    CHECK(demand(PolicyMode::off, found) == tls::TlsDemand{});
}

TEST_CASE("where DANE is required a host without usable records is forbidden") {
    const Finding found{"mx.test", {first}, {}, {"mx.test"}};
    CHECK(demand(PolicyMode::require, found) == demand(PolicyMode::enforce, found));
    const dns::Failure failure{dns::Failure::Kind::servfail, "SERVFAIL"};
    const Finding unknown{"mx.test", {}, failure, {}};
    CHECK(demand(PolicyMode::require, unknown) == demand(PolicyMode::enforce, unknown));
    for (const Finding& lacking : {Finding{}, Finding{"mx.test", {}, {}, {}}}) {
        const auto asked = demand(PolicyMode::require, lacking);
        REQUIRE(asked.enforced.forbidden.size() == 1);
        CHECK(asked.enforced.forbidden[0].kind == tls::Refusal::Kind::host_unproven);
        CHECK_FALSE(asked.enforced.plaintext_allowed());
        CHECK(asked.enforced.sources == Names{"dane"});
    }
}

TEST_CASE("reference names begin with the base domain and name nobody twice") {
    using dane::reference_names;
    CHECK(
        reference_names("real.test", "mx.test", "alias.test", "rcpt.test") ==
        Names{"real.test", "mx.test", "alias.test", "rcpt.test"}
    );
    CHECK(
        reference_names("mx.test", "mx.test", "rcpt.test", "rcpt.test") ==
        Names{"mx.test", "rcpt.test"}
    );
    CHECK(reference_names("rcpt.test", "rcpt.test", "rcpt.test", "") == Names{"rcpt.test"});
}
