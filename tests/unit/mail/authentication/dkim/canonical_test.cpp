// SPDX-License-Identifier: Apache-2.0
#include "core/mail/authentication/dkim/canonical.hpp"

#include <doctest/doctest.h>

#include "core/foundation/base/encoding.hpp"
#include "tests/support/canonical_body.hpp"

using namespace outpost;
using namespace outpost::dkim;

using outpost::test::canonical_body;

TEST_CASE("header fields are brought into canonical form (RFC 6376 section 3.4.5)") {
    struct Case {
        const char *field, *relaxed;
    };
    const Case cases[] = {
        {"A: X\r\n", "a:X\r\n"},
        {"B : Y\t\r\n\tZ  \r\n", "b:Y Z\r\n"},
        {"Subject:\r\n", "subject:\r\n"},
        {"Subject: \r\n \t\r\n", "subject:\r\n"},
        {"Subject:a\r\n\tb:  c\r\n", "subject:a b: c\r\n"},
        {"Subject: no line end", "subject:no line end\r\n"},
        {"X: a\rb\r\n", "x:a\rb\r\n"},
    };
    for (const auto& [field, relaxed] : cases) {
        CAPTURE(field);
        CHECK(canonical_field(Canonicalization::relaxed, field) == relaxed);
        const std::string whole = std::string_view(field).ends_with("\r\n")
                                      ? std::string(field)
                                      : std::string(field) + "\r\n";
        CHECK(canonical_field(Canonicalization::simple, field) == whole);
    }
}

TEST_CASE("bodies are brought into canonical form, in pieces of any size") {
    struct Case {
        const char *body, *simple, *relaxed;
    };
    const Case cases[] = {
        {"", "\r\n", ""},
        {"\r\n\r\n", "\r\n", ""},
        {" \r\n\t\r\n", " \r\n\t\r\n", ""},
        {" C \r\nD \t E\r\n\r\n\r\n", " C \r\nD \t E\r\n", " C\r\nD E\r\n"},  // section 3.4.5
        {"no line end", "no line end\r\n", "no line end\r\n"},
        {"a\r\n\r\nb\r\n", "a\r\n\r\nb\r\n", "a\r\n\r\nb\r\n"},
        {"a \r\n \r\n b\r\n", "a \r\n \r\n b\r\n", "a\r\n\r\n b\r\n"},
        {"a\rb \r", "a\rb \r\r\n", "a\rb \r\r\n"},
        {"a\r\r\n", "a\r\r\n", "a\r\r\n"},
        {"a\nb", "a\nb\r\n", "a\nb\r\n"},
    };
    for (const auto& [body, simple, relaxed] : cases) {
        for (const std::size_t piece : {1U, 2U, 3U, 100U}) {
            CAPTURE(body);
            CAPTURE(piece);
            CHECK(canonical_body(Canonicalization::simple, body, piece) == simple);
            CHECK(canonical_body(Canonicalization::relaxed, body, piece) == relaxed);
        }
    }
}

TEST_CASE("a body larger than any block comes out whole, with the empty lines inside") {
    std::string body;
    for (int line = 0; line < 5000; ++line)
        body += "line  " + std::to_string(line) + "\r\n";
    body += std::string(20'000, ' ');
    for (int line = 0; line < 20'000; ++line)
        body += "\r\n";
    body += "end\r\n";
    CHECK(canonical_body(Canonicalization::simple, body, 1000) == body);
    const auto relaxed = canonical_body(Canonicalization::relaxed, body, 4096);
    CHECK(relaxed == canonical_body(Canonicalization::relaxed, body, 7));
    CHECK(relaxed.starts_with("line 0\r\nline 1\r\n"));
    CHECK(relaxed.ends_with("\r\n\r\n\r\nend\r\n"));
}

TEST_CASE("empty bodies have the digests that RFC 6376 sections 3.4.3 and 3.4.4 give") {
    BodyHash simple(Canonicalization::simple), relaxed(Canonicalization::relaxed);
    CHECK(base64_encode(simple.finish()) == "frcCV1k9oG9oKj3dpUqdJg1PxRT2RSN/XKdLCPjaYaY=");
    CHECK(base64_encode(relaxed.finish()) == "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
}

TEST_CASE("a digest of the first octets does not depend on what follows them") {
    BodyHash shorter(Canonicalization::simple), bounded(Canonicalization::simple, 5);
    shorter.feed("abc\r\n");
    bounded.feed("abc\r\nsomething added\r\n");
    CHECK(shorter.finish() == bounded.finish());
    CHECK(shorter.octets() == 5);
    CHECK(bounded.octets() == 22);
}
