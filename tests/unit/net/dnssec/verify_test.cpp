// SPDX-License-Identifier: Apache-2.0
#include "core/net/dnssec/verify.hpp"

#include <doctest/doctest.h>

#include "core/net/dnssec/crypto.hpp"
#include "tests/support/zone_signer.hpp"

using namespace outpost;
using namespace outpost::dnssec;
using test::ZoneSigner;

namespace {

Result<Verified, Fault> check(
    const std::vector<Record>& records, const Zone& zone, Seconds now = ZoneSigner::now
) {
    Budget budget;
    return verify(group(records).front(), zone, now, budget);
}

constexpr auto line = "mx.example.test. 300 IN A 192.0.2.1";

}  // namespace

TEST_CASE("a set signed with any of the algorithms that count is verified") {
    for (const std::uint8_t algorithm : {8, 10, 13, 14, 15}) {
        CAPTURE(static_cast<int>(algorithm));
        const ZoneSigner zone("example.test.", algorithm);
        auto records = zone.sign({line, "mx.example.test. 300 IN A 192.0.2.2"});
        CHECK(check(records, zone.zone()));
        records.front().data.back() ^= 1;
        CHECK(check(records, zone.zone()).error().extended_error == code::bogus);
    }
}

TEST_CASE("signatures hold from their inception to their expiration") {
    const ZoneSigner zone("example.test.");
    const auto records = zone.sign({line}, {1000, 2000});
    CHECK(check(records, zone.zone(), 1000));
    CHECK(check(records, zone.zone(), 2000));
    CHECK(check(records, zone.zone(), 999).error().extended_error == code::not_yet_valid);
    CHECK(check(records, zone.zone(), 2001).error().extended_error == code::expired);
    CHECK(
        check(zone.sign({line}, {2000, 1000}), zone.zone(), 1500).error().extended_error ==
        code::expired_before_valid
    );
    SUBCASE("across the end of the 32-bit numbers (RFC 1982)") {
        const Seconds end = Seconds(1) << 32;
        const auto around = zone.sign({line}, {end - 100, end + 100});
        CHECK(check(around, zone.zone(), end + 50));
        CHECK(check(around, zone.zone(), end - 101).error().extended_error == code::not_yet_valid);
    }
}

TEST_CASE("a set is believed no longer than its signature is valid") {
    const ZoneSigner zone("example.test.");
    CHECK(check(zone.sign({line}), zone.zone())->ttl == 300);
    CHECK(check(zone.sign({line}, {1000, 2000}), zone.zone(), 1990)->ttl == 10);
    auto records = zone.sign({line});
    records.front().ttl = 86400;  // the signature covers the original TTL
    CHECK(check(records, zone.zone())->ttl == 300);
}

TEST_CASE("why a set is not verified") {
    const ZoneSigner zone("example.test."), other("example.test."), elsewhere("elsewhere.test.");
    const auto fault = [&](const std::vector<Record>& records) {
        return check(records, zone.zone()).error().extended_error;
    };
    CHECK(fault(test::records({line})) == code::signatures_missing);
    CHECK(fault(elsewhere.sign({line})) == code::signatures_missing);
    CHECK(fault(other.sign({line})) == code::key_missing);
    auto unknown = zone.sign({line});
    unknown.back().data[2] = static_cast<char>(253);
    CHECK(fault(unknown) == code::unsupported_algorithm);
}

TEST_CASE("a signature over the wildcard says so, and only for names below it") {
    const ZoneSigner zone("example.test.");
    const auto wildcard = zone.sign({"*.w.example.test. 300 IN A 192.0.2.1"});
    CHECK(!check(wildcard, zone.zone())->closest_encloser);
    const auto expanded = check(test::renamed(wildcard, "a.b.w.example.test."), zone.zone());
    REQUIRE(expanded);
    CHECK(expanded->closest_encloser == Name::parse("w.example.test").value());
    CHECK(!check(test::renamed(wildcard, "a.example.test."), zone.zone()));
}

TEST_CASE("many keys with one tag cost a bounded number of checks") {
    // KeyTrap (CVE-2023-50387): each signature would have to be tried with each key.
    const ZoneSigner zone("example.test.");
    Zone crowded{zone.zone().apex, {}};
    for (int i = 0; i < 500; ++i) {
        Key key = zone.key();
        key.public_key[static_cast<std::size_t>(i) % 64] ^= static_cast<char>(i / 64 + 1);
        crowded.keys.push_back(std::move(key));  // the tag is as it was
    }
    auto records = zone.sign({line});
    const Record signature = records.back();
    for (int i = 0; i < 500; ++i)
        records.push_back(signature);
    Budget budget;
    const auto set = group(records).front();
    const auto verified = verify(set, crowded, ZoneSigner::now, budget);
    CHECK(verified.error().extended_error == code::bogus);
    CHECK(128 - budget.checks_left() <= 16);
    SUBCASE("and what comes after it in the same answer costs nothing") {
        const int left = budget.checks_left();
        CHECK(!verify(set, crowded, ZoneSigner::now, budget));
        CHECK(budget.checks_left() == left);
    }
}

TEST_CASE("a zone's keys are those of a set that a vouched-for key has signed") {
    const ZoneSigner zone("example.test."), other("example.test.");
    const auto signers = [](const ZoneSigner& of) {
        return std::vector{DelegationSigner::parse(of.ds()).value()};
    };
    Budget budget;
    const RecordSet set = group(zone.keys()).front();
    const auto keys = verify_keys(set, signers(zone), ZoneSigner::now, budget);
    REQUIRE(keys);
    CHECK(keys->keys == std::vector{zone.key()});
    CHECK(verify_keys(set, std::vector{zone.key()}, ZoneSigner::now, budget));
    CHECK(
        verify_keys(set, signers(other), ZoneSigner::now, budget).error().extended_error ==
        code::key_missing
    );
    SUBCASE("not of one that the vouched-for key is in but did not sign") {
        const RecordSet foreign =
            group(other.sign({zone.dnskey_line(), other.dnskey_line()})).front();
        CHECK(!verify_keys(foreign, signers(zone), ZoneSigner::now, budget));
    }
    SUBCASE("a revoked key vouches for nothing") {
        Key revoked = zone.key();
        auto records = zone.keys();
        records.front().data[1] |= static_cast<char>(0x80);
        revoked = Key::parse(records.front().data).value();
        const RecordSet with_revoked = group(records).front();
        CHECK(
            verify_keys(with_revoked, std::vector{revoked}, ZoneSigner::now, budget)
                .error()
                .extended_error == code::key_missing
        );
    }
}

TEST_CASE("DS records of unknown algorithms or digests alone make a zone insecure") {
    const ZoneSigner zone("example.test.");
    auto known = DelegationSigner::parse(zone.ds()).value(), unknown = known, digest = known;
    unknown.algorithm = 253;
    digest.digest_type = 250;
    CHECK(why_insecure({known}) == -1);
    CHECK(why_insecure({unknown, known}) == -1);
    CHECK(why_insecure({unknown}) == code::unsupported_algorithm);
    CHECK(why_insecure({digest}) == code::unsupported_digest);
    Budget budget;
    const auto keys = verify_keys(group(zone.keys()).front(), {unknown}, ZoneSigner::now, budget);
    REQUIRE(keys);
    CHECK(keys->keys.empty());
}

TEST_CASE("NSEC3 hashes are those of RFC 5155 appendix A") {
    const std::string salt("\xaa\xbb\xcc\xdd");
    const auto line_of = [&](const char* name) {
        return test::Nsec3Chain{"example.", 12, false, "aabbccdd"}.at(name, "A");
    };
    // The signer hashes with ldns; the appendix has these.
    CHECK(line_of("example.").starts_with("0p9mhaveqvm6t7vbl5lop2u3t2rp3tom."));
    CHECK(line_of("a.example.").starts_with("35mthgpgcu1qg68fab165klnsnk3dpvl."));
    const auto nsec3 = Nsec3::parse(
        test::records({line_of("a.example.")}).front().owner,
        test::records({line_of("a.example.")}).front().data
    );
    REQUIRE(nsec3);
    CHECK(nsec3->owner_hash == nsec3_hash(Name::parse("a.example").value(), salt, 12));
}
