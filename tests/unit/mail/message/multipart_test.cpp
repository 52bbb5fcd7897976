// SPDX-License-Identifier: Apache-2.0
#include "core/mail/message/multipart.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace outpost::mail;

namespace {

std::string decoded(const std::string& encoding, const std::string& body, std::size_t most = 100) {
    const std::string header = "Content-Transfer-Encoding: " + encoding + "\r\n\r\n";
    return Entity{header, body}.decoded_body(most);
}

}  // namespace

TEST_CASE("a content type is read with its parameters") {
    const auto type = parse_content_type(
        "Multipart/Report ; Report-Type=delivery-status;boundary = \"a\\\"; b\" ; x=;y;z=1"
    );
    CHECK(type.type == "multipart/report");
    CHECK(type.is_multipart());
    CHECK(type.parameter("report-type") == "delivery-status");
    CHECK(type.parameter("boundary") == "a\"; b");
    CHECK(type.parameter("x").empty());
    CHECK(type.parameter("z") == "1");
    CHECK(type.parameter("missing").empty());
}

TEST_CASE("what is no content type is plain text") {
    for (const auto* text : {"", ";", "text", "; boundary=x", "\"", "=;=;="})
        CHECK(parse_content_type(text).type == "text/plain");
    CHECK(parse_content_type("a/b; c=\"unclosed").parameter("c") == "unclosed");
    CHECK(Entity{"Subject: x\r\n\r\n", ""}.content_type().type == "text/plain");
}

TEST_CASE("a multipart is split at its delimiters alone") {
    const std::string body =
        "preamble --b\r\n--b  \r\nSubject: one\r\n\r\nfirst\r\n--bc\r\n --b\r\n"
        "--b\r\n\r\nsecond\r\n\r\n--b\r\n--b--\r\nepilogue\r\n--b\r\n\r\nlate\r\n";
    const auto parts = split_multipart(body, "b", 10);
    REQUIRE(parts.size() == 3);
    CHECK(parts[0].header == "Subject: one\r\n\r\n");
    CHECK(parts[0].body == "first\r\n--bc\r\n --b");
    CHECK(parts[1].header == "\r\n");
    CHECK(parts[1].body == "second\r\n");
    CHECK(parts[2].header.empty());
    CHECK(parts[2].body.empty());
    CHECK(split_multipart(body, "b", 1).size() == 1);
}

TEST_CASE("a multipart without a closing delimiter ends with its body") {
    const auto parts = split_multipart("--b\n\none\n--b\n\ntwo", "b", 10);
    REQUIRE(parts.size() == 2);
    CHECK(parts[0].body == "one");
    CHECK(parts[1].body == "two");
    CHECK(split_multipart("--b", "b", 10).size() == 1);
    CHECK(split_multipart("no part", "b", 10).empty());
    CHECK(split_multipart("--\r\n\r\nx", "", 10).empty());
}

TEST_CASE("bodies are read without their transfer encoding") {
    CHECK(decoded("base64", "aGVs\r\nbG8=\r\nfooter") == "hello");
    CHECK(decoded("Base64", "a*G V\tsbG8") == "hello");
    CHECK(
        decoded("quoted-printable", "h=C3=A9llo=\r\n you  \r\n=zz=4\r\n") ==
        "héllo you\r\n=zz=4\r\n"
    );
    CHECK(decoded("8bit", "h=C3") == "h=C3");
    CHECK(decoded("base64", "aGVsbG8=", 2) == "he");
    CHECK(decoded("quoted-printable", "hello\r\nyou", 3) == "hel");
    CHECK(decoded("7bit", "hello", 3) == "hel");
}
