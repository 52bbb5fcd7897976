// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <functional>

#include "core/mail/message/header.hpp"
#include "tests/support/bounded.hpp"

using namespace outpost::mail;

namespace {

const std::string section =
    "Received: from a\r\n by b\r\n"
    "SUBJECT: Hello,\r\n\tworld \r\n"
    "this line is no field\r\n and neither is its continuation\r\n"
    "Bcc: hidden@example.org,\r\n more@example.org\r\n"
    "X-Empty:\r\n"
    "To : a@example.org\r\n"
    "bcc: again@example.org\r\n"
    "\r\n"
    "Not: a field\r\n";

std::string without(std::string text, std::initializer_list<std::string_view> names) {
    Header header(std::move(text));
    header.erase(names);
    return std::move(header).str();
}

}  // namespace

TEST_CASE("a header section is split into fields, and the body is not looked at") {
    const Header fields(section);
    REQUIRE(fields.field_count() == 6);
    CHECK(fields.field(0).name == "Received");
    CHECK(fields.field(0).raw_value == " from a\r\n by b");
    CHECK(fields.field(0).whole == "Received: from a\r\n by b\r\n");
    CHECK(fields.field(1).value() == "Hello,\tworld");
    CHECK(fields.field(3).value().empty());
    CHECK(fields.field(4).name == "To");
    CHECK(fields.find("subject")->value() == "Hello,\tworld");
    CHECK_FALSE(fields.find("Not"));
    CHECK(fields.count("Bcc") == 2);
    CHECK(find_field(section, "subject")->value() == "Hello,\tworld");
    CHECK_FALSE(find_field(section, "Not"));
}

TEST_CASE("fields are removed with their continuations, everything else stays octet by octet") {
    CHECK(
        without(section, {"Bcc", "X-Absent"}) ==
        "Received: from a\r\n by b\r\n"
        "SUBJECT: Hello,\r\n\tworld \r\n"
        "this line is no field\r\n and neither is its continuation\r\n"
        "X-Empty:\r\n"
        "To : a@example.org\r\n"
        "\r\n"
        "Not: a field\r\n"
    );
    CHECK(without("", {"Bcc"}).empty());
}

TEST_CASE("a changed header section is what it would be if it were parsed anew") {
    Header header(section);
    const auto agrees = [&] {
        const Header anew(header.str());
        REQUIRE(header.field_count() == anew.field_count());
        for (std::size_t i = 0; i < anew.field_count(); ++i) {
            CHECK(header.field(i).whole == anew.field(i).whole);
            CHECK(header.field(i).name == anew.field(i).name);
            CHECK(header.field(i).raw_value == anew.field(i).raw_value);
        }
    };
    header.prepend("X-Two: 2\r\n 3\r\nX-One : 1\r\n");
    CHECK(header.str() == "X-Two: 2\r\n 3\r\nX-One : 1\r\n" + section);
    agrees();
    header.erase({"x-one", "Received", "bcc"});
    CHECK(header.count("X-One") == 0);
    CHECK(header.field(0).value() == "2 3");
    agrees();
    header.erase_if([](const HeaderField& field) { return !field.value().empty(); });
    CHECK(header.field_count() == 1);
    CHECK(header.str().ends_with("X-Empty:\r\n\r\nNot: a field\r\n"));
    agrees();
    const auto copy = header;
    header.erase({"X-Absent"});
    CHECK(header.str() == copy.str());
}

TEST_CASE("a change parses what is new and nothing else") {
    const auto before = octets_parsed();
    Header header(section);
    CHECK(octets_parsed() == before + section.size());
    header.erase({"Bcc"});
    header.prepend("A: b\r\n");
    CHECK(header.find("To"));
    CHECK(header.count("Received") == 1);
    CHECK(octets_parsed() == before + section.size() + 6);
}

TEST_CASE("any octets can be parsed") {
    for (const std::string& odd :
         {std::string(), std::string(":"), std::string(": x"), std::string(" x"), std::string("a"),
          std::string("a:"), std::string("\0:\0", 3), std::string("\xff\xfe: x\r\n"),
          std::string("\n"), std::string("\r"), std::string("a:b\n c\n"),
          std::string(1'000'000, ':')}) {
        CHECK_NOTHROW(Header(odd));
    }
    CHECK(Header("a:b\n c\n").field(0).value() == "b c");
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
        CAPTURE(c);
        const std::string hostile(1'000'000, c);
        CHECK(outpost::test::run_bounded([&] { parse_address_list(hostile); }) == "");
    }
}

TEST_CASE("what takes too much stack or time is found out") {
    // Not for the compiler to see through.
    const std::function<int(int)> recurses = [&](int depth) {
        volatile char frame[64] = {};
        return depth == 0 ? frame[0] : recurses(depth - 1) + frame[1];
    };
    CHECK(outpost::test::run_bounded([&] { recurses(10); }) == "");
    CHECK(outpost::test::run_bounded([&] { recurses(4'000'000); }) != "");
    const auto forever = [] {
        volatile bool ended = false;
        while (!ended) {
        }
    };
    CHECK(outpost::test::run_bounded(forever, {256 * 1024, 1}) == "out of time");
}
