// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "core/foundation/config/suggest.hpp"

using namespace outpost::config;

TEST_CASE("edit distance counts insertions, deletions, replacements and swaps") {
    CHECK(edit_distance("", "") == 0);
    CHECK(edit_distance("host", "host") == 0);
    CHECK(edit_distance("hots", "host") == 1);
    CHECK(edit_distance("hst", "host") == 1);
    CHECK(edit_distance("kitten", "sitting") == 3);
    CHECK(edit_distance("", "abc") == 3);
}

TEST_CASE("a suggestion is close, or there is none") {
    const std::vector<std::string> keys = {"host", "port", "max_connections", "password"};
    CHECK(did_you_mean("hots", keys) == "did you mean 'host'?");
    CHECK(did_you_mean("max-connections", keys) == "did you mean 'max_connections'?");
    CHECK(did_you_mean("Password", keys) == "did you mean 'password'?");
    CHECK(did_you_mean("completely_else", keys) == "known: host, port, max_connections, password");
    CHECK(did_you_mean("x", {}) == "");
    CHECK(did_you_mean(std::string(100'000, 'a'), keys).find("known") == 0);
}
