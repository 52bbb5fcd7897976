// SPDX-License-Identifier: Apache-2.0
#include "core/domains/check/dkim.hpp"

#include <doctest/doctest.h>

#include "core/foundation/base/encoding.hpp"
#include "core/mail/authentication/dkim/key_record.hpp"
#include "tests/unit/domains/check/lookups.hpp"

using namespace outpost;
using namespace outpost::domain_check;
using dns::Type;

namespace {

const dkim::PrivateKey& a_key() {
    static const auto key = dkim::PrivateKey::make_ed25519();
    return key;
}

std::string octets() {
    return base64_encode(a_key().public_octets());
}

Finding judge(const Lookup& answer, bool signs = true) {
    const domain_records::DkimKey key{dkim::key_record(a_key()), signs};
    const auto findings = judge_dkim("s", "a.example", key, answer);
    REQUIRE(findings.size() == 1);
    CHECK(findings.front().about.name == "s._domainkey.a.example");
    return findings.front();
}

Finding judge(const std::string& record, bool signs = true) {
    return judge(test::found(Type::txt, {record}), signs);
}

}  // namespace

TEST_CASE("the key counts, not how its record is written") {
    CHECK(judge("v=DKIM1; k=ed25519; p=" + octets()).grade == Grade::ok);
    const auto half = octets().size() / 2;
    const auto folded = octets().substr(0, half) + " " + octets().substr(half);
    CHECK(judge("k = ed25519 ; p=" + folded + ";").grade == Grade::ok);
}

TEST_CASE("an RSA key is the same as SubjectPublicKeyInfo and bare") {
    const auto key = dkim::PrivateKey::make_rsa(2048);
    const auto whole = key.public_octets();
    const auto bare = whole.substr(24);  // behind the algorithm's name and the bit string's head
    const auto findings = judge_dkim(
        "s", "a.example", {dkim::key_record(key), true},
        test::found(Type::txt, {"p=" + base64_encode(bare)})
    );
    CHECK(test::grades(findings) == "ok");
}

TEST_CASE("another key, a revoked one, and one that does not permit us are wrong") {
    const auto other = dkim::key_record(dkim::PrivateKey::make_ed25519());
    CHECK(test::said(judge(other)) == "wrong: it is another key than the configured one");
    CHECK(test::said(judge("v=DKIM1; k=ed25519; p=")) == "wrong: the key is revoked (p= is empty)");
    CHECK(
        test::said(judge("v=DKIM1; k=rsa; p=" + octets())) ==
        "wrong: it is a key of another kind (k=rsa)"
    );
    CHECK(
        test::said(judge("v=DKIM1; k=ed25519; h=sha1; p=" + octets())) ==
        "wrong: it does not permit SHA-256 (h=)"
    );
    CHECK(
        test::said(judge("v=DKIM1; k=ed25519; s=tlsrpt; p=" + octets())) ==
        "wrong: it is not for mail (s=)"
    );
    CHECK(judge("v=DKIM1; k=ed25519; p=!").grade == Grade::wrong);
    const auto record = dkim::key_record(a_key());
    CHECK(judge(test::found(Type::txt, {record, record})).grade == Grade::wrong);
}

TEST_CASE("a domain that only tests is warned about, and so is a short key") {
    CHECK(judge("v=DKIM1; t=y; k=ed25519; p=" + octets()).grade == Grade::warning);
    const auto key = dkim::PrivateKey::make_rsa(1024);
    const auto findings = judge_dkim(
        "s", "a.example", {dkim::key_record(key), true},
        test::found(Type::txt, {dkim::key_record(key)})
    );
    CHECK(test::said(findings).front() == "warning: the RSA key has 1024 bits, 2048 are advised");
}

TEST_CASE("a key that does not sign need not be there yet") {
    CHECK(judge(test::no_such_name(), true).grade == Grade::missing);
    CHECK(judge(test::no_such_name(), false).grade == Grade::warning);
    CHECK(judge("v=DKIM1; k=ed25519; p=", false).grade == Grade::warning);
    CHECK(judge(test::failed(), false).grade == Grade::unknown);
}
