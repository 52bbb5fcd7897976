// SPDX-License-Identifier: Apache-2.0
#include "core/mail/authentication/dkim/signer.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "core/foundation/base/encoding.hpp"
#include "core/mail/message/header.hpp"
#include "tests/unit/mail/authentication/dkim/sample.hpp"

using namespace outpost;
using namespace outpost::dkim;

namespace {

dns::Domain domain(const char* name) {
    return dns::Domain::parse(name).value();
}
mail::Address address(const char* text) {
    return mail::Address::parse(text).value();
}

const PrivateKey& key() {
    static const PrivateKey key = PrivateKey::make_ed25519();
    return key;
}

DomainSettings one_key() {
    DomainSettings settings;
    settings.keys["a"] = key();
    return settings;
}

Signature signed_with(const DomainSettings& settings, const std::string& header) {
    const auto fields =
        sign_as(domain("example.org"), settings, mail::Header(header), {sample_body}, WallTime{});
    const auto field = mail::find_field(fields, "DKIM-Signature");
    REQUIRE(field);
    return parse_signature(field->raw_value).value();
}

std::size_t times(const Signature& signature, std::string_view name) {
    return static_cast<std::size_t>(std::count_if(
        signature.headers.begin(), signature.headers.end(),
        [&](const auto& each) { return iequals(each, name); }
    ));
}

/// Whose signature a message gets; "" without one.
std::string signer_of(
    const std::string& from, const std::string& account, const mail::Address& mail_from
) {
    const Signer signer(
        {{domain("example.org"), one_key()}, {domain("sub.example.org"), one_key()}},
        [](const std::string& name, const mail::Address& who) {
            return name.empty() || who.local() == name;
        }
    );
    const auto* found =
        signer.signer_of(mail::Header("From: " + from + "\r\n\r\n"), account, mail_from);
    return found == nullptr ? "" : found->first.ascii();
}

}  // namespace

TEST_CASE("fields that nobody may add are named once more than they occur") {
    const auto signature =
        signed_with(one_key(), "Received: x\r\nList-Id: <l>\r\nList-Id: <m>\r\n" + sample_header);
    CHECK(times(signature, "From") == 2);
    CHECK(times(signature, "Subject") == 2);
    CHECK(times(signature, "Reply-To") == 1);
    CHECK(times(signature, "Content-Type") == 1);
    CHECK(times(signature, "List-Id") == 2);
    CHECK(times(signature, "Received") == 0);
    CHECK(times(signature, "DKIM-Signature") == 0);
}

TEST_CASE("From is signed whatever is configured, and there is never a body length") {
    auto settings = one_key();
    settings.headers = {"Subject"};
    settings.oversigned.clear();
    const auto signature = signed_with(settings, sample_header);
    CHECK(signature.headers == std::vector<std::string>{"From", "From", "Subject"});
    CHECK_FALSE(signature.body_length);
    CHECK_FALSE(signature.expires_at);
}

TEST_CASE("each selector signs, or those that are chosen") {
    auto settings = one_key();
    settings.keys["b"] = PrivateKey::make_rsa();
    const auto count = [&] {
        const auto fields = sign_as(
            domain("example.org"), settings, mail::Header(sample_header), {sample_body}, WallTime{}
        );
        return mail::Header(fields).count("DKIM-Signature");
    };
    CHECK(count() == 2);
    settings.sign = {"b"};
    CHECK(count() == 1);
}

TEST_CASE("the author's domain signs, else one above it, else the sender's") {
    const auto nobody = mail::Address();
    CHECK(signer_of("a@example.org", "", nobody) == "example.org");
    CHECK(signer_of("A <a@sub.example.org>", "", nobody) == "sub.example.org");
    CHECK(signer_of("a@x.y.sub.example.org", "", nobody) == "sub.example.org");
    CHECK(signer_of("a@badexample.org", "", nobody).empty());
    CHECK(signer_of("a@example.com", "", address("a@example.org")) == "example.org");
    CHECK(signer_of("b@example.com, a@example.org", "", nobody).empty());
    CHECK(signer_of("nonsense", "", nobody).empty());
}

TEST_CASE("an account gets no signature of an address that it may not send from") {
    CHECK(signer_of("joe@example.org", "joe", mail::Address()) == "example.org");
    CHECK(signer_of("boss@example.org", "joe", mail::Address()).empty());
    CHECK(
        signer_of("boss@example.org", "joe", address("joe@sub.example.org")) == "sub.example.org"
    );
}
