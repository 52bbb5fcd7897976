// SPDX-License-Identifier: Apache-2.0
#include "core/mail/authentication/spf/macro.hpp"

#include <doctest/doctest.h>

using namespace outpost;
using namespace outpost::spf;

namespace {

MacroValues values() {
    MacroValues values;
    values.sender_local = "news+list-7";
    values.sender_domain = "post.shop.example";
    values.domain = "spf.provider.example";
    values.client = asio::ip::make_address("198.51.100.23");
    values.helo = "out1.shop.example";
    return values;
}

}  // namespace

TEST_CASE("letters stand for what the transaction is") {
    CHECK(
        expand("%{s}|%{l}|%{o}", values()) ==
        "news+list-7@post.shop.example|news+list-7|post.shop.example"
    );
    CHECK(expand("%{d}|%{h}|%{p}", values()) == "spf.provider.example|out1.shop.example|unknown");
    CHECK(expand("%{i}.%{v}", values()) == "198.51.100.23.in-addr");
}

TEST_CASE("transformers split, turn and cut") {
    CHECK(expand("%{ir}", values()) == "23.100.51.198");
    CHECK(expand("%{o1}", values()) == "example");
    CHECK(expand("%{o2r}", values()) == "shop.post");
    CHECK(expand("%{o99}", values()) == "post.shop.example");
    CHECK(expand("%{l-}", values()) == "news+list.7");
    CHECK(expand("%{lr+-}", values()) == "7.list.news");
    CHECK(expand("%{d99999999999999999999999}", values()) == "spf.provider.example");
}

TEST_CASE("an IPv6 client is its nibbles") {
    auto v6 = values();
    v6.client = asio::ip::make_address("2001:db8::cb01");
    CHECK(expand("%{i}", v6) == "2.0.0.1.0.d.b.8.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.c.b.0.1");
    CHECK(expand("%{i2}.%{v}", v6) == "0.1.ip6");
}

TEST_CASE("capitals escape for URLs, and percents have escapes of their own") {
    CHECK(expand("%{S}", values()) == "news%2Blist-7%40post.shop.example");
    CHECK(expand("a%%b%_c%-d", values()) == "a%b c%20d");
}

TEST_CASE("a name that is too long loses labels on the left") {
    auto long_name = values();
    long_name.sender_local.clear();
    for (int i = 0; i < 60; ++i)
        long_name.sender_local += "abcd.";
    const auto name = expand_domain("%{l}x.example.", long_name);
    CHECK(name.size() <= 253);
    CHECK(name.starts_with("abcd.abcd."));
    CHECK(name.ends_with("abcd.x.example"));
}

TEST_CASE("only the letter p asks for the client's name") {
    CHECK(needs_client_name("%{d}.%{P2}"));
    CHECK_FALSE(needs_client_name("p.%%{p}.%{d}"));
}
