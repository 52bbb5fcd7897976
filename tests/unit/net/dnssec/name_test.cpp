// SPDX-License-Identifier: Apache-2.0
#include "core/net/dnssec/name.hpp"

#include <doctest/doctest.h>

#include <vector>

using outpost::dnssec::common_ancestor;
using outpost::dnssec::Name;

namespace {

Name name(std::string_view text) {
    return Name::parse(text).value();
}

}  // namespace

TEST_CASE("names sort as in the example of RFC 4034 section 6.1") {
    const std::vector<std::string_view> sorted{
        "example",   "a.example",       "yljkjljk.a.example", "Z.a.example",    "zABC.a.EXAMPLE",
        "z.example", "\\001.z.example", "*.z.example",        "\\200.z.example"
    };
    for (std::size_t i = 1; i < sorted.size(); ++i)
        CHECK(name(sorted[i - 1]) < name(sorted[i]));
}

TEST_CASE("a name is within another only at the border of a label") {
    CHECK(name("a.example").is_within(name("example.")));
    CHECK(name("a.example").is_within(name("a.example")));
    CHECK(!name("a.example").is_below(name("a.example")));
    CHECK(!name("anexample").is_within(name("example")));
    // The octets of "example" as wire form appear inside of one long label.
    CHECK(!name("a\\007example").is_within(name("example")));
    CHECK(name("a").is_below(Name()));
}

TEST_CASE("names that are too long or broken are none") {
    CHECK(!Name::parse("a..b"));
    CHECK(!Name::parse(std::string(64, 'a')));
    CHECK(!Name::parse("a\\25"));
    std::string long_name;
    for (int i = 0; i < 128; ++i)
        long_name += "a.";
    CHECK(!Name::parse(long_name));
    CHECK(!Name::from_wire(std::string_view(
        "\x03"
        "ab",
        3
    )));
    CHECK(!Name::from_wire(std::string_view("\xc0\x0c", 2)));
}

TEST_CASE("ancestors, children and substitutes of names") {
    CHECK(common_ancestor(name("a.b.example"), name("c.b.example")) == name("b.example"));
    CHECK(name("a.b.c").last(2) == name("b.c"));
    CHECK(name("b.c").wildcard() == name("*.b.c"));
    CHECK(
        name("x.old.example").substituted(name("old.example"), name("new.test")) ==
        name("x.new.test")
    );
    CHECK(name("A.Example.").text() == "a.example");
}
