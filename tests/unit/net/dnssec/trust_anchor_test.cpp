// SPDX-License-Identifier: Apache-2.0
#include "core/net/dnssec/trust_anchor.hpp"

#include <doctest/doctest.h>

#include "tests/support/zone_signer.hpp"

using namespace outpost;
using namespace outpost::dnssec;
using test::ZoneSigner;

TEST_CASE("the root's trust anchors are built in") {
    const auto anchors = parse_trust_anchors(root_anchors());
    REQUIRE(anchors);
    REQUIRE(anchors->size() == 1);
    CHECK(anchors->front().zone.is_root());
    REQUIRE(anchors->front().signers.size() == 2);
    CHECK(anchors->front().signers[0].key_tag == 20326);
    CHECK(anchors->front().signers[1].key_tag == 38696);
}

TEST_CASE("trust anchors are DS and DNSKEY records of a zone file") {
    const ZoneSigner zone("example.test.");
    const auto anchors = parse_trust_anchors(
        "; a comment\n$TTL 300\n" + zone.dnskey_line() +
        "other.test. IN DS 20326 8 2 (\n"
        "  E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D )\n"
    );
    REQUIRE(anchors);
    REQUIRE(anchors->size() == 2);
    CHECK(anchors->at(0).keys == std::vector{zone.key()});
    CHECK(anchors->at(1).zone == Name::parse("other.test").value());
    Budget budget;
    const auto set = group(zone.keys()).front();
    CHECK(anchors->at(0).verify(set, ZoneSigner::now, budget));
    CHECK(!anchors->at(1).verify(set, ZoneSigner::now, budget));
}

TEST_CASE("what is no trust anchor is an error that names its line") {
    CHECK(!parse_trust_anchors(""));
    CHECK(!parse_trust_anchors("; nothing but a comment\n"));
    CHECK(parse_trust_anchors("\nexample.test. 300 IN A 192.0.2.1\n").error().find("line 2") == 0);
    CHECK(!parse_trust_anchors("example.test. IN DS what is this\n"));
}
