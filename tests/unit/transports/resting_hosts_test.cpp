// SPDX-License-Identifier: Apache-2.0
#include "transports/common/resting_hosts.hpp"

#include <doctest/doctest.h>

using namespace outpost;
using namespace std::chrono_literals;
using transports::RestingHosts;

TEST_CASE("an address rests after failures in a row, for a while, and one more failure renews that"
) {
    RestingHosts hosts;
    const net::Endpoint dead{asio::ip::make_address("192.0.2.1"), 25},
        other{asio::ip::make_address("192.0.2.1"), 587};
    SteadyTime now{};
    for (int i = 0; i < RestingHosts::failures_before_rest; ++i) {
        CHECK_FALSE(hosts.reason(dead, now));
        hosts.failed(dead, "no answer", now);
    }
    CHECK(hosts.reason(dead, now) == "no answer");
    CHECK_FALSE(hosts.reason(other, now));
    now += RestingHosts::rest - 1s;
    CHECK(hosts.reason(dead, now));
    now += 1s;
    CHECK_FALSE(hosts.reason(dead, now));
    hosts.failed(dead, "still none", now);
    CHECK(hosts.reason(dead, now) == "still none");
    hosts.reached(dead);
    CHECK_FALSE(hosts.reason(dead, now));
    hosts.failed(dead, "again", now);
    CHECK_FALSE(hosts.reason(dead, now));
}

TEST_CASE("what is remembered is bounded") {
    RestingHosts hosts;
    const SteadyTime now{};
    for (std::uint32_t i = 0; i < 25'000; ++i)
        hosts.failed({asio::ip::address_v4(i + 1), 25}, std::string(1000, 'x'), now);
    hosts.failed({asio::ip::address_v4(1), 25}, "last", now);
    CHECK_FALSE(hosts.reason({asio::ip::address_v4(1), 25}, now)
    );  // its earlier failure was let go
}
