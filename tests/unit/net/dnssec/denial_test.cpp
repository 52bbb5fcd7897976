// SPDX-License-Identifier: Apache-2.0
#include "core/net/dnssec/denial.hpp"

#include <doctest/doctest.h>

#include "tests/support/zone_signer.hpp"

using namespace outpost;
using namespace outpost::dnssec;
using test::Nsec3Chain;
using test::operator+;
using test::ZoneSigner;

namespace {

constexpr TypeNumber a = 1, tlsa = 52;

Name name(std::string_view text) {
    return Name::parse(text).value();
}

/// What some signed NSEC or NSEC3 records of example.test prove.
class Proven {
  public:
    explicit Proven(const std::vector<std::string>& lines, ZoneSigner::Validity validity = {}) {
        std::vector<Record> records;
        for (const std::string& line : lines)
            records = records + signer_.sign({line}, validity);
        sets_ = group(records);
    }
    Denial denial() { return {sets_, zone_, ZoneSigner::now, budget_}; }

  private:
    ZoneSigner signer_{"example.test."};
    Zone zone_ = signer_.zone();
    Budget budget_;
    std::vector<RecordSet> sets_;
};

const std::string nsec_apex =
    "example.test. 300 IN NSEC a.example.test. SOA NS MX RRSIG NSEC DNSKEY";
const std::string nsec_a = "a.example.test. 300 IN NSEC deep.ent.example.test. A RRSIG NSEC";
const std::string nsec_deep = "deep.ent.example.test. 300 IN NSEC sub.example.test. A RRSIG NSEC";
const std::string nsec_sub = "sub.example.test. 300 IN NSEC *.w.example.test. NS RRSIG NSEC";
const std::string nsec_wildcard = "*.w.example.test. 300 IN NSEC example.test. A RRSIG NSEC";

const Nsec3Chain chain{"example.test.", 1, false, "aabb"};
const Nsec3Chain opt_out{"example.test.", 1, true, "aabb"};

}  // namespace

TEST_CASE("NSEC: a name does not exist when it and the wildcard are in gaps") {
    CHECK(Proven({nsec_a, nsec_apex}).denial().name_absent(name("b.example.test"))->secure);
    CHECK(!Proven({nsec_a}).denial().name_absent(name("b.example.test")));
    CHECK(!Proven({nsec_apex}).denial().name_absent(name("b.example.test")));
    SUBCASE("the last gap goes around to the apex") {
        CHECK(Proven({nsec_wildcard, nsec_apex}).denial().name_absent(name("z.example.test")));
    }
    SUBCASE("a name that exists, or has others below it, does") {
        CHECK(!Proven({nsec_a, nsec_apex}).denial().name_absent(name("a.example.test")));
        CHECK(!Proven({nsec_a, nsec_apex}).denial().name_absent(name("ent.example.test")));
    }
    SUBCASE("a delegation says nothing of what is below it") {
        CHECK(!Proven({nsec_sub, nsec_apex}).denial().name_absent(name("x.sub.example.test")));
    }
}

TEST_CASE("NSEC: a name has no record of a type") {
    CHECK(Proven({nsec_a}).denial().type_absent(name("a.example.test"), tlsa)->secure);
    CHECK(!Proven({nsec_a}).denial().type_absent(name("a.example.test"), a));
    SUBCASE("an empty non-terminal has none at all") {
        CHECK(Proven({nsec_a}).denial().type_absent(name("ent.example.test"), a));
    }
    SUBCASE("a wildcard that it would come from lacks it, too") {
        CHECK(Proven({nsec_wildcard}).denial().type_absent(name("x.w.example.test"), tlsa));
        CHECK(!Proven({nsec_wildcard}).denial().type_absent(name("x.w.example.test"), a));
    }
    SUBCASE("the parent's side of a delegation speaks of DS only") {
        CHECK(Proven({nsec_sub}).denial().type_absent(name("sub.example.test"), type::ds));
        CHECK(!Proven({nsec_sub}).denial().type_absent(name("sub.example.test"), a));
    }
    SUBCASE("an alias might have it") {
        const std::string alias = "c.example.test. 300 IN NSEC d.example.test. CNAME RRSIG NSEC";
        CHECK(!Proven({alias}).denial().type_absent(name("c.example.test"), tlsa));
    }
}

TEST_CASE("NSEC: what a wildcard was expanded to has nothing closer") {
    const Name expanded = name("x.w.example.test");
    CHECK(Proven({nsec_wildcard}).denial().expanded(expanded, name("w.example.test"))->secure);
    CHECK(!Proven({nsec_a}).denial().expanded(expanded, name("w.example.test")));
    CHECK(!Proven({nsec_wildcard}).denial().expanded(expanded, name("example.test")));
}

TEST_CASE("NSEC: where zones begin") {
    using Kind = Cut::Kind;
    CHECK(Proven({nsec_sub}).denial().cut_at(name("sub.example.test"))->kind == Kind::insecure);
    CHECK(Proven({nsec_a}).denial().cut_at(name("a.example.test"))->kind == Kind::none);
    CHECK(Proven({nsec_a}).denial().cut_at(name("ent.example.test"))->kind == Kind::none);
    CHECK(
        Proven({nsec_a, nsec_apex}).denial().cut_at(name("b.example.test"))->kind ==
        Kind::nothing_below
    );
    CHECK(!Proven({nsec_apex}).denial().cut_at(name("sub.example.test")));
}

TEST_CASE("NSEC records that are not signed well prove nothing, and say why") {
    const auto expired =
        Proven({nsec_a, nsec_apex}, {1000, 2000}).denial().name_absent(name("b.example.test"));
    CHECK(expired.error().extended_error == code::expired);
    CHECK(
        Proven({nsec_apex}).denial().name_absent(name("b.example.test")).error().extended_error ==
        code::denial_missing
    );
}

TEST_CASE("NSEC3: a name does not exist below its closest encloser") {
    const std::vector<std::string> proof{
        chain.at("w.example.test.", "A RRSIG"), chain.around("x.w.example.test."),
        chain.around("*.w.example.test.")
    };
    CHECK(Proven(proof).denial().name_absent(name("y.x.w.example.test"))->secure);
    for (std::size_t missing = 0; missing < proof.size(); ++missing) {
        CAPTURE(missing);
        auto part = proof;
        part.erase(part.begin() + static_cast<std::ptrdiff_t>(missing));
        CHECK(!Proven(part).denial().name_absent(name("y.x.w.example.test")));
    }
    SUBCASE("not below a delegation or a DNAME") {
        for (const char* types : {"NS", "DNAME RRSIG"}) {
            auto other = proof;
            other[0] = chain.at("w.example.test.", types);
            CHECK(!Proven(other).denial().name_absent(name("y.x.w.example.test")));
        }
    }
}

TEST_CASE("NSEC3: a name has no record of a type") {
    const Name mx = name("mx.example.test");
    CHECK(Proven({chain.at("mx.example.test.", "A RRSIG")}).denial().type_absent(mx, tlsa)->secure);
    CHECK(!Proven({chain.at("mx.example.test.", "A RRSIG")}).denial().type_absent(mx, a));
    SUBCASE("an empty non-terminal has an NSEC3 record without types") {
        CHECK(Proven({chain.at("mx.example.test.", "")}).denial().type_absent(mx, a));
    }
    SUBCASE("by the wildcard that it would come from") {
        const std::vector<std::string> proof{
            chain.at("w.example.test.", ""), chain.around("x.w.example.test."),
            chain.at("*.w.example.test.", "A RRSIG")
        };
        CHECK(Proven(proof).denial().type_absent(name("x.w.example.test"), tlsa)->secure);
        CHECK(!Proven(proof).denial().type_absent(name("x.w.example.test"), a));
    }
}

TEST_CASE("NSEC3: what a wildcard was expanded to has nothing closer") {
    Proven proven({chain.around("x.w.example.test.")});
    CHECK(proven.denial().expanded(name("y.x.w.example.test"), name("w.example.test"))->secure);
    CHECK(!proven.denial().expanded(name("y.z.w.example.test"), name("w.example.test")));
}

TEST_CASE("NSEC3: where opt-out holds an unsigned zone may be") {
    const std::vector<std::string> proof{
        opt_out.at("example.test.", "SOA NS DNSKEY RRSIG"), opt_out.around("sub.example.test.")
    };
    CHECK(Proven(proof).denial().cut_at(name("sub.example.test"))->kind == Cut::Kind::insecure);
    CHECK(!Proven(proof).denial().type_absent(name("sub.example.test"), type::ds)->secure);
    auto absent = proof;
    absent.push_back(opt_out.around("*.example.test."));
    const auto proven = Proven(absent).denial().name_absent(name("sub.example.test"));
    REQUIRE(proven);
    CHECK(!proven->secure);
    SUBCASE("without it there is none") {
        const std::vector<std::string> closed{
            chain.at("example.test.", "SOA NS DNSKEY RRSIG"), chain.around("sub.example.test.")
        };
        CHECK(!Proven(closed).denial().cut_at(name("sub.example.test")));
    }
}

TEST_CASE("NSEC3: many iterations make a proof insecure, and cost no hashing") {
    const Nsec3Chain few{"example.test.", most_iterations, false, "aabb"};
    const Nsec3Chain many{"example.test.", most_iterations + 1, false, "aabb"};
    const Name mx = name("mx.example.test");
    CHECK(Proven({few.at("mx.example.test.", "A")}).denial().type_absent(mx, tlsa)->secure);
    const auto absent = Proven({many.at("mx.example.test.", "A")}).denial().type_absent(mx, tlsa);
    REQUIRE(absent);
    CHECK(!absent->secure);
    CHECK(absent->extended_error == code::too_many_iterations);
}

TEST_CASE("NSEC3: names are hashed only so often for one answer") {
    // CVE-2023-50868: a name of many labels, asked about again and again.
    const ZoneSigner signer("example.test.");
    const Zone zone = signer.zone();
    const auto sets = group(signer.sign({chain.around("other.example.test.")}));
    Budget budget;
    std::string deep = "example.test";
    for (int i = 0; i < 100; ++i)
        deep = "a." + deep;
    for (int i = 0; i < 10; ++i) {
        Denial denial(sets, zone, ZoneSigner::now, budget);
        CHECK(!denial.name_absent(name(deep)));
    }
    CHECK(!budget.take_hash());
    Denial denial(sets, zone, ZoneSigner::now, budget);
    CHECK(denial.name_absent(name(deep)).error().text.find("too many names") != std::string::npos);
}
