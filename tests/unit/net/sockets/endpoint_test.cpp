// SPDX-License-Identifier: Apache-2.0
#include "core/net/sockets/endpoint.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "core/net/sockets/own_addresses.hpp"

using outpost::net::Cidr;
using outpost::net::Endpoint;
namespace net = outpost::net;

TEST_CASE("endpoints are read and written") {
    CHECK(Endpoint::parse("192.0.2.1", 25)->text() == "192.0.2.1:25");
    CHECK(Endpoint::parse("192.0.2.1:53", 25)->text() == "192.0.2.1:53");
    CHECK(Endpoint::parse("2001:db8::1", 25)->text() == "[2001:db8::1]:25");
    CHECK(Endpoint::parse("[2001:db8::1]:53", 25)->text() == "[2001:db8::1]:53");
    for (const char* bad :
         {"", "a:1", "192.0.2.1:", "192.0.2.1:0", "192.0.2.1:65536", "[::1", "[]:1", ":25", "1.2.3"
         }) {
        CAPTURE(std::string(bad));
        CHECK_FALSE(Endpoint::parse(bad, 25).has_value());
    }
}

TEST_CASE("networks contain what their prefix covers") {
    struct Case {
        const char* network;
        const char* address;
        bool inside;
    };
    const Case cases[] = {
        {"192.0.2.0/24", "192.0.2.255", true},
        {"192.0.2.0/24", "192.0.3.0", false},
        {"192.0.2.128/25", "192.0.2.127", false},
        {"0.0.0.0/0", "255.255.255.255", true},
        {"192.0.2.1", "192.0.2.1", true},
        {"192.0.2.1", "192.0.2.2", false},
        {"192.0.2.0/24", "::ffff:192.0.2.9", true},
        {"0.0.0.0/0", "::1", false},
        {"2001:db8::/33", "2001:db8:7fff::1", true},
        {"2001:db8::/33", "2001:db8:8000::1", false},
        {"::/0", "2001:db8::1", true},
    };
    for (const Case& each : cases) {
        CAPTURE(std::string(each.network));
        CHECK(
            Cidr::parse(each.network)->contains(asio::ip::make_address(each.address)) == each.inside
        );
    }
    for (const char* bad :
         {"", "/8", "192.0.2.0/33", "192.0.2.0/", "192.0.2.0/-1", "::/129", "x/8", "192.0.2.0/8x"
         }) {
        CHECK_FALSE(Cidr::parse(bad).has_value());
    }
}

TEST_CASE("a listener on every address is reached at those of the interfaces") {
    const auto one = asio::ip::make_address("192.0.2.1");
    CHECK(net::reachable_at(one, 25) == std::vector<net::Endpoint>{{one, 25}});
    const auto all = net::reachable_at(asio::ip::address_v4::any(), 25);
    const net::Endpoint loopback{asio::ip::address_v4::loopback(), 25};
    CHECK(std::find(all.begin(), all.end(), loopback) != all.end());
    for (const auto& endpoint : all)
        CHECK(endpoint.address.is_v4());
}
