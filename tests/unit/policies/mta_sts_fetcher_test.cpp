// SPDX-License-Identifier: Apache-2.0
#include "policies/mta_sts/fetcher.hpp"

#include <doctest/doctest.h>

using namespace outpost;
using namespace outpost::mta_sts;
using Kind = Trouble::Kind;

namespace {

const std::string good = "version: STSv1\nmode: enforce\nmx: mx.example\nmax_age: 60\n";

http_client::Response response(
    int status, std::string type = "text/plain", std::string body = good
) {
    return {status, std::move(type), std::move(body)};
}
std::optional<Trouble> trouble(const Result<http_client::Response, http_client::Failure>& answer) {
    const auto policy = judge(answer);
    return policy ? std::nullopt : std::optional(policy.error());
}

}  // namespace

TEST_CASE("a policy comes with status 200 and as plain text") {
    CHECK(judge(response(200))->mode == Mode::enforce);
    CHECK(judge(response(200, "Text/Plain; charset=utf-8"))->mode == Mode::enforce);
    for (const char* type : {"", "text/html", "application/octet-stream", "text/plainly"})
        CHECK_MESSAGE(trouble(response(200, type))->kind == Kind::cannot_fetch, std::string(type));
}

TEST_CASE("a redirect is not followed, and where nothing is served there is no policy") {
    for (const int status : {301, 302, 307, 308}) {
        CHECK(trouble(response(status))->kind == Kind::cannot_fetch);
        CHECK(trouble(response(status))->text.find("redirects") != std::string::npos);
    }
    CHECK(trouble(response(404))->kind == Kind::no_policy_served);
    CHECK(trouble(response(410))->kind == Kind::no_policy_served);
    for (const int status : {201, 204, 206, 403, 500, 503})
        CHECK(trouble(response(status))->kind == Kind::cannot_fetch);
}

TEST_CASE("what is no policy, and why HTTPS failed, is told as reports name it") {
    CHECK(trouble(response(200, "text/plain", "hello"))->kind == Kind::bad_policy);
    using Failed = http_client::Failure::Kind;
    CHECK(
        trouble(Err{http_client::Failure{Failed::no_address, "x"}})->kind == Kind::no_policy_served
    );
    const auto bad =
        trouble(Err{http_client::Failure{Failed::certificate, "x\x1b[1m", "certificate-expired"}});
    CHECK(bad->kind == Kind::bad_certificate);
    CHECK(bad->code == "certificate-expired");
    CHECK(bad->text.find('\x1b') == std::string::npos);
    for (const auto kind :
         {Failed::url, Failed::dns, Failed::forbidden, Failed::connect, Failed::tls,
          Failed::timeout, Failed::too_large, Failed::protocol, Failed::stopped})
        CHECK(trouble(Err{http_client::Failure{kind, "x"}})->kind == Kind::cannot_fetch);
}
