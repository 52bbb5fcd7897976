// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "core/server/node/descriptors.hpp"

using namespace outpost;

TEST_CASE("no more deliveries at once than there are descriptors for") {
    server::Settings settings;
    settings.limits.max_in_flight = 12'000;
    settings.listeners["relay"].max_connections = 1000;
    CHECK(server::within_descriptors(settings, 65'536).max_in_flight == 12'000);
    CHECK(server::within_descriptors(settings, 10'000).max_in_flight == 6675);
    // Clients get no more than half.
    CHECK(server::within_descriptors(settings, 1024).max_in_flight == 384);
    CHECK(server::within_descriptors(settings, 1).max_in_flight == 1);
}
