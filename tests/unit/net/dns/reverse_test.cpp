// SPDX-License-Identifier: Apache-2.0
#include "core/net/dns/reverse.hpp"

#include <doctest/doctest.h>

using namespace outpost;

TEST_CASE("the reverse name of an IPv6 address has all its nibbles, a mapped IPv4 address none") {
    const auto ip = [](const char* text) { return asio::ip::make_address(text); };
    CHECK(
        dns::reverse_name(ip("2001:db8::567:89ab")) ==
        "b.a.9.8.7.6.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa"
    );  // the example of RFC 3596 section 2.5, in another network
    CHECK(dns::reverse_name(ip("::ffff:192.0.2.1")) == "1.2.0.192.in-addr.arpa");
}
