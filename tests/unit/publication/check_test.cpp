// SPDX-License-Identifier: Apache-2.0
#include "core/publication/check.hpp"

#include "core/dns/type_name.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "tests/support/run.hpp"

using namespace outpost;
using namespace outpost::publication;

namespace {

/// Has one MX record, and remembers what it was asked.
class OneRecord final : public dns::Resolver {
  public:
    awaitable<Result<dns::Answer, dns::Failure>> query(dns::Question question, Deadline) override {
        asked.push_back(fmt::format("{} {}", question.name, dns::text(question.type)));
        if (question.name == "silent.example")
            co_return Err{dns::Failure{dns::Failure::Kind::timeout, "no answer"}};
        dns::Answer answer;
        answer.security = dns::Security::secure;
        if (question.type == dns::Type::mx)
            answer.records.push_back({dns::Type::mx, 10, "mx.a.example"});
        co_return answer;
    }
    std::vector<std::string> asked;
};

}  // namespace

TEST_CASE("all that should be published is looked up, whatever the first answers say") {
    OneRecord resolver;
    asio::io_context loop;
    Records records{
        {"silent.example", dns::Type::txt, "v=spf1 -all", ""},
        {"a.example", dns::Type::mx, "10 mx.a.example.", ""},
        {"a.example", dns::Type::mx, "20 mx2.a.example.", ""},
        {"mx.a.example", dns::Type::a, "192.0.2.1", ""},
    };
    const auto findings =
        test::run(loop, check(std::move(records), resolver, Deadline::in(std::chrono::seconds(5))));
    std::string kinds;
    for (const auto& finding : findings)
        kinds += std::string(text(finding.kind)) + " ";
    CHECK(kinds == "unknown ok missing missing ");
    CHECK(
        resolver.asked ==
        std::vector<std::string>{"silent.example TXT", "a.example MX", "mx.a.example A"}
    );
}
