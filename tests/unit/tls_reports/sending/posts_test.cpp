// SPDX-License-Identifier: Apache-2.0
#include "core/tls_reports/sending/posts.hpp"

#include <doctest/doctest.h>

using namespace outpost;
using namespace outpost::tls_reports;

TEST_CASE("any status of 2xx is success, and nothing else") {
    for (const int status : {200, 201, 204, 299})
        CHECK(judge(http_client::Response{status, {}, {}}).arrived);
    for (const int status : {199, 301, 404, 500}) {
        const auto outcome = judge(http_client::Response{status, {}, {}});
        CHECK_FALSE(outcome.arrived);
        CHECK_FALSE(outcome.hopeless);
        CHECK(outcome.reason.ends_with(std::to_string(status)));
    }
}

TEST_CASE("a failure may pass, but a URI that nobody can ask stays one") {
    using Kind = http_client::Failure::Kind;
    CHECK_FALSE(judge(Err{http_client::Failure{Kind::connect, "refused"}}).hopeless);
    CHECK_FALSE(judge(Err{http_client::Failure{Kind::certificate, "expired"}}).hopeless);
    CHECK(judge(Err{http_client::Failure{Kind::url, "not one that we ask"}}).hopeless);
    CHECK(
        judge(Err{http_client::Failure{Kind::connect, "a\nb"}}).reason.find('\n') ==
        std::string::npos
    );
}
