// SPDX-License-Identifier: Apache-2.0
#include "core/reception/submission/rate_limiter.hpp"

#include <doctest/doctest.h>

using namespace outpost;
using namespace std::chrono_literals;

TEST_CASE("a rate holds over any window, by key") {
    submission::RateLimiter limiter(60s);
    const SteadyTime start{};
    for (int i = 0; i < 10; ++i)
        CHECK(limiter.take("a", 10, start + 30s));
    CHECK_FALSE(limiter.take("a", 10, start + 30s));
    CHECK(limiter.take("b", 10, start + 30s));
    CHECK_FALSE(limiter.take("a", 10, start + 90s));  // the ten still count whole
    CHECK(limiter.take("a", 10, start + 120s));       // of which half a window is left
    CHECK(limiter.take("a", 0, start + 30s));         // no limit
    CHECK(limiter.take("a", 10, start + 1000s));
}
