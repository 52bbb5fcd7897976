// SPDX-License-Identifier: Apache-2.0
#include "core/mail/tlsrpt/merge.hpp"

#include <doctest/doctest.h>

#include "tests/unit/mail/tlsrpt/describe.hpp"

using namespace outpost::tlsrpt;

namespace {

FailureDetail expired(std::int64_t sessions, std::string host = "mx.test") {
    FailureDetail made = detail(ResultType::certificate_expired, "", sessions);
    made.receiving_mx_hostname = std::move(host);
    return made;
}

Result sts(
    std::string mode, std::int64_t successes, std::int64_t failures,
    std::vector<FailureDetail> details = {}
) {
    return {
        {PolicyType::sts, {"mode: " + mode}, "example.org", {"*.test"}},
        false,
        successes,
        failures,
        std::move(details)
    };
}

Result none(bool of_host, std::int64_t successes) {
    return {{PolicyType::no_policy_found, {}, "example.org", {}}, of_host, successes, 0, {}};
}

std::vector<std::vector<Result>> samples() {
    return {
        {},
        {sts("enforce", 1, 0)},
        {sts("testing", 1, 1, {expired(1)}), sts("enforce", 0, 2, {expired(2)})},
        {sts("enforce", -3, 1, {expired(-1), expired(1, "mx2.test")})},
        {none(true, 1), none(false, 2)},
    };
}

}  // namespace

TEST_CASE("results of the very same policy are summed, and of no other") {
    CHECK(
        describe(merge({sts("enforce", 1, 0)}, {sts("enforce", 2, 3), sts("testing", 4, 0)})) ==
        std::vector<std::string>{"domain sts example.org +3 -3", "domain sts example.org +4 -0"}
    );
    CHECK(merge({none(true, 1)}, {none(false, 1)}).size() == 2);
}

TEST_CASE("details that differ in their count alone are summed") {
    const auto merged = merge(
        {sts("enforce", 0, 1, {expired(1)})},
        {sts("enforce", 0, 3, {expired(2), expired(1, "b.test")})}
    );
    CHECK(
        describe(merged) ==
        std::vector<std::string>{"domain sts example.org +0 -4; certificate-expired b.test x1; "
                                 "certificate-expired mx.test x3"}
    );
}

TEST_CASE("counts below 0 count as 0") {
    CHECK(
        describe(merge({sts("enforce", -1, -2, {expired(-4)})}, {sts("enforce", 1, 1)})) ==
        std::vector<std::string>{"domain sts example.org +1 -1; certificate-expired mx.test x0"}
    );
}

TEST_CASE("merging is commutative and associative, and nothing added changes nothing") {
    for (const auto& a : samples()) {
        CHECK(merge(merge({}, a), {}) == merge({}, a));
        for (const auto& b : samples()) {
            CHECK(merge(a, b) == merge(b, a));
            for (const auto& c : samples())
                CHECK(merge(merge(a, b), c) == merge(a, merge(b, c)));
        }
    }
}
