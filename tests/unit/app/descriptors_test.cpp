// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "core/app/descriptors.hpp"

using namespace outpost;

TEST_CASE("no more deliveries at once than there are descriptors for") {
    app::Settings settings;
    settings.limits.max_in_flight = 12'000;
    settings.listeners["relay"].max_connections = 1000;
    CHECK(app::within_descriptors(settings, 65'536).max_in_flight == 12'000);
    CHECK(app::within_descriptors(settings, 10'000).max_in_flight == 6675);
    // Clients get no more than half.
    CHECK(app::within_descriptors(settings, 1024).max_in_flight == 384);
    CHECK(app::within_descriptors(settings, 1).max_in_flight == 1);
}
