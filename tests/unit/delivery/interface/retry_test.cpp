// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <cmath>

#include "core/delivery/interface/job.hpp"
#include "core/delivery/interface/retry.hpp"

using namespace outpost;
using namespace outpost::delivery;
using std::chrono::hours;
using std::chrono::seconds;

TEST_CASE("delays double from minutes up to the longest") {
    const RetryPolicy policy;
    const std::pair<int, int> cases[] = {{1, 300},           {2, 600},
                                         {3, 1200},          {6, 9600},
                                         {7, 14400},         {8, 14400},
                                         {1'000'000, 14400}, {2'000'000'000, 14400},
                                         {0, 300},           {-5, 300}};
    for (const auto& [attempts, delay] : cases)
        CHECK(retry_delay(policy, attempts, 0.5) == seconds(delay));
}

TEST_CASE("jitter varies both ways, and never beyond the longest delay") {
    const RetryPolicy policy;
    CHECK(retry_delay(policy, 1, 0.0) == seconds(270));
    CHECK(retry_delay(policy, 1, std::nextafter(1.0, 0.0)) == seconds(330));
    CHECK(retry_delay(policy, 20, 0.99) == policy.longest);
    CHECK(retry_delay(policy, 20, 0.0) == seconds(12960));
}

TEST_CASE("odd policies still wait a second at least") {
    RetryPolicy policy;
    policy.first = seconds(0);
    CHECK(retry_delay(policy, 1, 0.5) == seconds(1));
    policy.longest = seconds(0);
    CHECK(retry_delay(policy, 9, 0.9) == seconds(1));
}

TEST_CASE("giving up counts from submission") {
    const RetryPolicy policy;
    const WallTime submitted(hours(1000));
    CHECK(decide_retry(policy, submitted, submitted + hours(119)) == RetryDecision::retry);
    CHECK(decide_retry(policy, submitted, submitted + hours(120)) == RetryDecision::give_up);
    CHECK(decide_retry(policy, submitted, submitted - hours(5)) == RetryDecision::retry);
}

TEST_CASE("NOTIFY values") {
    for (const char* valid :
         {"", "NEVER", "SUCCESS", "FAILURE", "DELAY", "SUCCESS,FAILURE,DELAY"}) {
        const auto notify = Notify::parse(valid);
        REQUIRE_MESSAGE(notify, valid);
        CHECK(notify->to_string() == valid);
    }
    CHECK(Notify::parse("delay,Success")->to_string() == "SUCCESS,DELAY");
    for (const char* bad :
         {"NEVER,SUCCESS", "ALWAYS", ",", "SUCCESS,", ",DELAY", "SUCCESS,SUCCESS", " SUCCESS",
          "SUCCESS DELAY"}) {
        CHECK_MESSAGE(!Notify::parse(bad), bad);
    }
    CHECK(Notify{}.wants_failure());
    CHECK(Notify{}.wants_delay());
    CHECK_FALSE(Notify::parse("NEVER")->wants_failure());
    CHECK_FALSE(Notify::parse("SUCCESS")->wants_failure());
}
