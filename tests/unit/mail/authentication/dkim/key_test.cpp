// SPDX-License-Identifier: Apache-2.0
#include "core/mail/authentication/dkim/key.hpp"

#include <doctest/doctest.h>

#include "core/mail/authentication/dkim/key_record.hpp"

using namespace outpost;
using namespace outpost::dkim;

TEST_CASE("keys are made, written, read again, published, and verify what they signed") {
    for (const auto& made : {PrivateKey::make_rsa(), PrivateKey::make_ed25519()}) {
        const auto again = PrivateKey::parse(made.pem().reveal());
        REQUIRE(again);
        CHECK(again->algorithm() == made.algorithm());
        const auto record = parse_key_record(key_record(made));
        REQUIRE(record);
        CHECK(record->key == made.public_octets());
        const auto key = PublicKey::parse(made.algorithm(), record->key);
        REQUIRE(key);
        CHECK(key->bits() == made.bits());
        const std::string digest(32, 'd'), other(32, 'e');
        const auto value = again->sign(digest);
        CHECK(key->verify(digest, value));
        CHECK_FALSE(key->verify(other, value));
        CHECK_FALSE(key->verify(digest, value + "x"));
        CHECK_FALSE(key->verify(digest, ""));
    }
}

TEST_CASE("what is no key that verifiers take is refused, and the refusal tells nothing of it") {
    CHECK_FALSE(PrivateKey::parse(""));
    CHECK_FALSE(PrivateKey::parse("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")
    );
    const auto weak = PrivateKey::parse(PrivateKey::make_rsa(768).pem().reveal());
    REQUIRE_FALSE(weak);
    CHECK(weak.error() == "is an RSA key of 768 bits; verifiers take 1024 to 4096 (RFC 8301)");
    const auto rsa = PrivateKey::make_rsa().public_octets();
    CHECK_FALSE(PublicKey::parse(Algorithm::ed25519_sha256, rsa));
    CHECK_FALSE(PublicKey::parse(Algorithm::rsa_sha256, rsa + "x"));
    CHECK_FALSE(PublicKey::parse(Algorithm::rsa_sha256, PrivateKey::make_ed25519().public_octets())
    );
}

TEST_CASE("key records are read (RFC 6376 section 3.6.1)") {
    const auto plain = parse_key_record("p=AAAA");
    REQUIRE(plain);
    CHECK(plain->key_type == "rsa");
    CHECK(plain->is_for("email"));
    CHECK_FALSE(plain->testing);

    const auto full =
        parse_key_record("v=DKIM1; k=ed25519; h=sha1:sha256; s=tlsrpt; t=y:s; n=a note; p=AA AA;");
    REQUIRE(full);
    CHECK(full->key_type == "ed25519");
    CHECK(full->hashes == std::vector<std::string>{"sha1", "sha256"});
    CHECK(full->is_for("tlsrpt"));
    CHECK_FALSE(full->is_for("email"));
    CHECK(full->testing);
    CHECK(full->strict);

    const auto revoked = parse_key_record("v=DKIM1; p=");
    REQUIRE(revoked);
    CHECK(revoked->key.empty());
    for (const char* bad :
         {"", "v=DKIM2; p=AAAA", "p=AAAA; v=DKIM1", "v=DKIM1", "p=A", "p=AAAA; p=AAAA"}) {
        CAPTURE(bad);
        CHECK_FALSE(parse_key_record(bad));
    }
}
