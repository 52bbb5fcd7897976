// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "policies/mta_sts/policy_text.hpp"

using namespace outpost;
using namespace outpost::mta_sts;
using namespace std::chrono_literals;
using Names = std::vector<std::string>;

namespace {

const std::string good =
    "version: STSv1\r\nmode: enforce\r\nmx: mail.example.com\r\nmx: *.example.net\r\n"
    "max_age: 604800\r\n";

Policy policy_of(const std::string& text) {
    const auto policy = parse_policy(text);
    REQUIRE_MESSAGE(policy.has_value(), policy.error());
    return *policy;
}
/// Why it is refused; empty when it is not.
std::string refusal(const std::string& text) {
    const auto policy = parse_policy(text);
    return policy ? "" : policy.error();
}
std::string with_age(const std::string& age) {
    return "version: STSv1\nmode: testing\nmx: a.example\nmax_age: " + age + "\n";
}

}  // namespace

TEST_CASE("a policy is read as it is written, and its text is kept") {
    const Policy policy = policy_of(good);
    CHECK(policy.mode == Mode::enforce);
    CHECK(policy.max_age == 604800s);
    CHECK(policy.mx == Names{"mail.example.com", "*.example.net"});
    CHECK(policy.text == good);
}

TEST_CASE("lines end with LF or CRLF, the last one with nothing, and fields come in any order") {
    const Policy policy = policy_of(
        "max_age:10\n\nmx:  MX.Example.COM \t\r\nmode:none\nextra_field: any thing\nversion:STSv1"
    );
    CHECK(policy.mode == Mode::none);
    CHECK(policy.max_age == 10s);
    CHECK(policy.mx == Names{"mx.example.com"});
}

TEST_CASE("of fields that occur twice the first counts") {
    const Policy policy = policy_of(good + "mode: none\nmax_age: x\nversion: STSv2\n");
    CHECK(policy.mode == Mode::enforce);
    CHECK(policy.max_age == 604800s);
}

TEST_CASE("only a policy of mode none may name no hosts") {
    CHECK(refusal("version: STSv1\nmode: none\nmax_age: 1\n").empty());
    CHECK(refusal("version: STSv1\nmode: testing\nmax_age: 1\n") == "there is no mx");
}

TEST_CASE("what is missing or malformed is named") {
    CHECK(refusal("") == "there is no version");
    CHECK(refusal("version: STSv2\n") == "unknown version \"STSv2\"");
    CHECK(refusal("version: STSv1\nmode: Enforce\n") == "unknown mode \"Enforce\"");
    CHECK(refusal("version: STSv1\nmx: a.example\nmax_age: 1\n") == "there is no mode");
    CHECK(refusal("version: STSv1\nmode: none\n") == "there is no max_age");
    CHECK(refusal("<html>\n") == "\"<html>\" is no field");
    CHECK_FALSE(refusal(good + "mx: *.*.example\n").empty());
    CHECK_FALSE(refusal(good + "mx: a*.example\n").empty());
    CHECK_FALSE(refusal(good + "mx: 192.0.2.1\n").empty());
    CHECK_FALSE(refusal(good + "mx: \n").empty());
    CHECK_FALSE(refusal(good + "bad name: x\n").empty());
    CHECK_FALSE(refusal(good + std::string("nul: a\0b\n", 9)).empty());
    CHECK_FALSE(refusal(good + "latin: \xe9\n").empty());
}

TEST_CASE("max_age is a number of up to ten digits, and a year is the most that counts") {
    CHECK(policy_of(with_age("0")).max_age == 0s);
    CHECK(policy_of(with_age("31557600")).max_age == 31557600s);
    CHECK(policy_of(with_age("31557601")).max_age == 31557600s);
    CHECK(policy_of(with_age("9999999999")).max_age == 31557600s);
    for (const char* age : {"", "-1", "+1", "1.5", "1 ", "1d", "10000000000"})
        CHECK_MESSAGE((refusal(with_age(age)).empty() == (std::string(age) == "1 ")), age);
}

TEST_CASE("a wildcard stands for exactly one label, and nothing else does") {
    const Policy policy = policy_of(good);
    CHECK(names_host(policy, "mail.example.com"));
    CHECK_FALSE(names_host(policy, "xmail.example.com"));
    CHECK_FALSE(names_host(policy, "a.mail.example.com"));
    CHECK(names_host(policy, "a.example.net"));
    CHECK_FALSE(names_host(policy, "example.net"));
    CHECK_FALSE(names_host(policy, "a.b.example.net"));
    CHECK_FALSE(names_host(policy, ".example.net"));
    CHECK_FALSE(names_host(policy, "net"));
    CHECK_FALSE(names_host(policy, ""));
}

TEST_CASE("names with letters beyond ASCII are those of the DNS") {
    CHECK(
        policy_of("version: STSv1\nmode: enforce\nmx: *.b\xc3\xbc"
                  "cher.example\nmax_age: 1\n")
            .mx == Names{"*.xn--bcher-kva.example"}
    );
}
