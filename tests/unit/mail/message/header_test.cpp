// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "core/mail/message/header.hpp"

using namespace outpost::mail;

namespace {

constexpr std::string_view section =
    "Received: from a\r\n by b\r\n"
    "SUBJECT: Hello,\r\n\tworld \r\n"
    "this line is no field\r\n and neither is its continuation\r\n"
    "Bcc: hidden@example.org,\r\n more@example.org\r\n"
    "X-Empty:\r\n"
    "To : a@example.org\r\n"
    "bcc: again@example.org\r\n"
    "\r\n"
    "Not: a field\r\n";

}  // namespace

TEST_CASE("a header section is split into fields, and the body is not looked at") {
    const auto fields = parse_header(section);
    REQUIRE(fields.size() == 6);
    CHECK(fields[0].name == "Received");
    CHECK(fields[0].raw_value == " from a\r\n by b");
    CHECK(fields[0].whole == "Received: from a\r\n by b\r\n");
    CHECK(fields[1].value() == "Hello,\tworld");
    CHECK(fields[3].value().empty());
    CHECK(fields[4].name == "To");
    CHECK(find_field(section, "subject")->value() == "Hello,\tworld");
    CHECK_FALSE(find_field(section, "Not"));
    CHECK(count_fields(section, "Bcc") == 2);
}

TEST_CASE("fields are removed with their continuations, everything else stays octet by octet") {
    CHECK(
        without_fields(section, {"Bcc", "X-Absent"}) ==
        "Received: from a\r\n by b\r\n"
        "SUBJECT: Hello,\r\n\tworld \r\n"
        "this line is no field\r\n and neither is its continuation\r\n"
        "X-Empty:\r\n"
        "To : a@example.org\r\n"
        "\r\n"
        "Not: a field\r\n"
    );
    CHECK(without_fields("", {"Bcc"}).empty());
}

TEST_CASE("any octets can be parsed") {
    for (const std::string& odd :
         {std::string(), std::string(":"), std::string(": x"), std::string(" x"), std::string("a"),
          std::string("a:"), std::string("\0:\0", 3), std::string("\xff\xfe: x\r\n"),
          std::string("\n"), std::string("\r"), std::string("a:b\n c\n"),
          std::string(1'000'000, ':')}) {
        CHECK_NOTHROW(parse_header(odd));
    }
    CHECK(parse_header("a:b\n c\n").front().value() == "b c");
}

TEST_CASE("address lists are read over names, comments, groups and routes") {
    struct Case {
        const char* value;
        std::vector<std::string> addresses, bad;
    };
    const Case cases[] = {
        {"", {}, {}},
        {"a@example.org", {"a@example.org"}, {}},
        {"a@x.org, b@y.org,\r\n c@z.org", {"a@x.org", "b@y.org", "c@z.org"}, {}},
        {"\"Doe, John\" <a@x.org>, Jane (the, other) <b@y.org>", {"a@x.org", "b@y.org"}, {}},
        {"friends: a@x.org, B <b@y.org>;, undisclosed-recipients:;", {"a@x.org", "b@y.org"}, {}},
        {"<@relay.org,@other.org:a@x.org>", {"a@x.org"}, {}},
        {"a(nested (comment \\) ))@x.org", {"a@x.org"}, {}},
        {"\"odd, local\"@x.org", {"\"odd, local\"@x.org"}, {}},
        {"\"user@evil.org x\"@good.org", {"\"user@evil.org x\"@good.org"}, {}},
        {"u@[IPv6:2001:db8::1]", {"u@[IPv6:2001:db8::1]"}, {}},
        {"John Doe, a@x.org", {"a@x.org"}, {"John Doe"}},
        {"John a@x.org", {}, {"John a@x.org"}},
        {"<a@x.org> <b@y.org>", {"a@x.org", "b@y.org"}, {}},
        {"<>", {}, {""}},
        {"A <a@x.org", {"a@x.org"}, {}},
        {"\"open <a@x.org>", {}, {"\"open <a@x.org>"}},
        {"(((((", {}, {}},
        {",,;;::", {}, {}},
        {"a@x.org;b@y.org", {"a@x.org", "b@y.org"}, {}},
    };
    for (const auto& test : cases) {
        const auto list = parse_address_list(test.value);
        CHECK_MESSAGE(list.addresses == test.addresses, test.value);
        CHECK_MESSAGE(list.bad == test.bad, test.value);
    }
}

TEST_CASE("a hostile address list takes neither stack nor time") {
    for (const char c : {'(', '<', '"', ':', ',', '[', '\\', '@'}) {
        CHECK_NOTHROW(parse_address_list(std::string(1'000'000, c)));
    }
}
