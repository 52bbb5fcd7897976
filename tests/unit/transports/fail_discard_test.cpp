// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "tests/unit/transports/fixture.hpp"
#include "transports/discard/discard.hpp"
#include "transports/fail/fail.hpp"

using namespace outpost;
using namespace outpost::test;
using Briefs = std::vector<std::string>;

namespace {

delivery::DeliveryOutcome deliver(
    delivery::Transport& transport, const delivery::DeliveryJob& job
) {
    asio::io_context loop;
    NoResolver resolver;
    NotingGate gate;
    delivery::Transcript lines;
    const auto dialer = net::make_direct_dialer(trusting(nullptr));
    delivery::AttemptContext context{
        "client.test", resolver, *dialer, gate, lines, Deadline::in(std::chrono::seconds(5))
    };
    auto outcome = run(loop, transport.deliver(job, context));
    CHECK(gate.asked.empty());  // nothing is sent, so nothing can be uncertain
    return outcome;
}

std::string failed_with(int code, const std::string& status, const std::string& message = "no") {
    transports::FailSettings settings;
    settings.code = code;
    settings.status = status;
    settings.message = message;
    const auto outcome =
        deliver(*transports::make_fail(settings), job_for({"a@rcpt.test", "b@rcpt.test"}));
    REQUIRE(outcome.verdicts.size() == 2);
    CHECK(brief(outcome.verdicts[0]) == brief(outcome.verdicts[1]));
    CHECK(outcome.verdicts[0].words() == message);
    CHECK_FALSE(outcome.unreachable);  // a route's next transport must not step in
    return brief(outcome.verdicts[0]);
}

}  // namespace

TEST_CASE("fail refuses as it is told") {
    CHECK(failed_with(554, "") == "failed 5.7.0 route policy");
    CHECK(failed_with(450, "") == "deferred 4.7.0 route policy");
    CHECK(failed_with(550, "5.1.1") == "failed 5.1.1 route policy");
    CHECK(failed_with(451, "4.3.2", "closed for lunch") == "deferred 4.3.2 route policy");
}

TEST_CASE("a status that contradicts the code, or is none, gives way to the code") {
    CHECK(failed_with(554, "4.7.1") == "failed 5.7.1 route policy");
    CHECK(failed_with(451, "5.7.1") == "deferred 4.7.1 route policy");
    CHECK(failed_with(554, "nonsense") == "failed 5.7.0 route policy");
}

TEST_CASE("discard takes everything, when it is time") {
    const auto quick = transports::make_discard({});
    CHECK(
        briefs(deliver(*quick, job_for({"a@rcpt.test", "b@rcpt.test"})).verdicts) ==
        Briefs{"delivered", "delivered"}
    );
    const auto slow = transports::make_discard({std::chrono::milliseconds(200)});
    const auto begin = std::chrono::steady_clock::now();
    CHECK(briefs(deliver(*slow, job_for({"a@rcpt.test"})).verdicts) == Briefs{"delivered"});
    CHECK(std::chrono::steady_clock::now() - begin >= std::chrono::milliseconds(200));
}
