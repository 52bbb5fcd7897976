// SPDX-License-Identifier: Apache-2.0
#include "core/mail/authentication/dkim/signature.hpp"

#include <doctest/doctest.h>

#include <sstream>

#include "core/foundation/base/encoding.hpp"

using namespace outpost;
using namespace outpost::dkim;
using Kind = SignatureFault::Kind;

namespace {

const std::string bh = "bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;";
const std::string good = "v=1; a=rsa-sha256; d=example.org; s=a; h=From; b=AAAA; " + bh;

std::string changed(std::string_view from, std::string_view to) {
    std::string text = good;
    return text.replace(text.find(from), from.size(), to);
}

}  // namespace

TEST_CASE("a signature is read, with what stands for tags that are missing") {
    const auto plain = parse_signature(good);
    REQUIRE(plain);
    CHECK(plain->header == Canonicalization::simple);
    CHECK(plain->body == Canonicalization::simple);
    CHECK(plain->key_name() == "a._domainkey.example.org");
    CHECK_FALSE(plain->body_length);

    const auto full = parse_signature(
        " v=1; a=ED25519-sha256;\r\n\tc=relaxed; d=Example.ORG; s=a.b; i=x@sub.example.org;"
        " l=10; t=5; x=6; q=dns/txt : other; h=from : To:\r\n to; z=whatever; b=AA\r\n\tAA; " +
        bh
    );
    REQUIRE(full);
    CHECK(full->algorithm == Algorithm::ed25519_sha256);
    CHECK(full->header == Canonicalization::relaxed);
    CHECK(full->body == Canonicalization::simple);
    CHECK(full->key_name() == "a.b._domainkey.example.org");
    CHECK(full->identity == "x@sub.example.org");
    CHECK(full->headers == std::vector<std::string>{"from", "To", "to"});
    CHECK(full->body_length == 10);
    CHECK(full->expires_at == 6);
    CHECK(full->value == std::string(3, '\0'));
}

TEST_CASE("what is no signature is told apart from what we do not know") {
    struct Case {
        std::string value;
        Kind kind;
    };
    const Case cases[] = {
        {"", Kind::malformed},
        {"nothing", Kind::malformed},
        {changed("v=1", "v=2"), Kind::malformed},
        {changed("v=1; ", ""), Kind::malformed},
        {changed("rsa-sha256", "rsa-sha1"), Kind::malformed},
        {changed("rsa-sha256", "rsa-sha512"), Kind::unsupported},
        {changed("d=example.org", "d=exa mple"), Kind::malformed},
        {changed("s=a;", "s=;"), Kind::malformed},
        {changed("s=a;", "s=a..b;"), Kind::malformed},
        {changed("h=From", "h=To"), Kind::malformed},
        {changed("h=From", "h=From::To"), Kind::malformed},
        {changed("b=AAAA", "b=A"), Kind::malformed},
        {changed("b=AAAA", "b="), Kind::malformed},
        {changed(bh, "bh=AAAA"), Kind::malformed},
        {good + " c=nofws", Kind::unsupported},
        {good + " q=http", Kind::unsupported},
        {good + " i=@example.com", Kind::malformed},
        {good + " i=@badexample.org", Kind::malformed},
        {good + " i=nobody", Kind::malformed},
        {good + " l=-1", Kind::malformed},
        {good + " l=99999999999999999999999", Kind::malformed},
        {good + " t=9; x=9", Kind::malformed},
        {good + " v=1", Kind::malformed},
        {std::string("v=1; a=\0", 8) + good, Kind::malformed},
        {good + std::string(longest_signature, ' '), Kind::malformed},
    };
    for (const auto& each : cases) {
        CAPTURE(each.value);
        const auto parsed = parse_signature(each.value);
        REQUIRE_FALSE(parsed);
        CHECK(parsed.error().kind == each.kind);
        CHECK_FALSE(parsed.error().text.empty());
    }
}

TEST_CASE("a signature that is written is read as the same, in lines of bounded length") {
    Signature signature;
    signature.domain = dns::Domain::parse("example.org").value();
    signature.selector = "2026a";
    signature.header = signature.body = Canonicalization::relaxed;
    for (int i = 0; i < 40; ++i)
        signature.headers.push_back(i == 0 ? "From" : "Content-Transfer-Encoding");
    signature.body_hash = std::string(32, 'h');
    signature.value = std::string(256, 'v');
    signature.signed_at = 1'764'115'200;
    const auto field = signature_field(signature);
    const auto parsed = parse_signature(std::string_view(field).substr(field.find(':') + 1));
    REQUIRE(parsed);
    CHECK(*parsed == signature);
    std::istringstream lines(field);
    for (std::string line; std::getline(lines, line);)
        CHECK(line.size() <= 78);
}

TEST_CASE("the value of a signature is taken out, and nothing else (RFC 6376 section 3.7)") {
    CHECK(
        without_value("DKIM-Signature: a=x; b=AA\r\n\tBB ; c=y\r\n") ==
        "DKIM-Signature: a=x; b=; c=y\r\n"
    );
    CHECK(
        without_value("DKIM-Signature: bh=AA; b=\r\n\tBB\r\n") == "DKIM-Signature: bh=AA; b=\r\n"
    );
    CHECK(without_value("DKIM-Signature: nothing\r\n") == "DKIM-Signature: nothing\r\n");
}
