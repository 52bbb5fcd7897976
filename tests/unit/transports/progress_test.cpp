// SPDX-License-Identifier: Apache-2.0
// What several hosts said in turn, and what comes of it for each recipient.
#include <doctest/doctest.h>

#include <stdexcept>

#include "tests/support/delivery_job.hpp"
#include "transports/common/progress.hpp"

using namespace outpost;
using namespace outpost::test;
using namespace outpost::transports;
using delivery::ErrorKind;
using delivery::Stage;
using delivery::Verdict;
using Briefs = std::vector<std::string>;

namespace {

smtp::Reply reply(const std::string& line) {
    smtp::ReplyParser parser;
    if (parser.feed(line) != smtp::ReplyParser::State::complete)
        throw std::logic_error("no reply: " + line);
    return parser.take();
}

Verdict said(const std::string& line, Stage stage = Stage::rcpt) {
    return Verdict::from_reply(stage, reply(line));
}

const Verdict taken = said("250 2.0.0 queued", Stage::done);
const Verdict refused = said("550 5.1.1 nobody");
const Verdict later = said("451 4.3.0 later");
const Verdict lost =
    Verdict::deferred(Stage::rcpt, ErrorKind::connect, {4, 4, 2}, "connection lost");
const Verdict unknown =
    Verdict::deferred(Stage::final_dot, ErrorKind::connect, {4, 4, 2}, "connection lost");
const Verdict no_lease = Verdict::deferred(Stage::data, ErrorKind::local, {4, 3, 0}, "lease lost");
const Verdict dead =
    Verdict::deferred(Stage::connect, ErrorKind::connect, {4, 4, 1}, "cannot connect");
const Verdict too_big =
    Verdict::failed(Stage::mail, ErrorKind::policy, {5, 3, 4}, "too big for it");
const Verdict no_requiretls =
    Verdict::deferred(Stage::mail, ErrorKind::policy, {4, 7, 30}, "no REQUIRETLS");

HostOutcome host(std::vector<Verdict> verdicts) {
    return {std::move(verdicts), true, {}};
}
HostOutcome dead_host() {
    return {{dead}, false, {}};
}

std::string outcome_of(const std::vector<HostOutcome>& hosts) {
    const auto job = job_for({"a@rcpt.test"});
    Progress progress(job);
    for (const HostOutcome& one : hosts) {
        if (!progress.all_final()) progress.note(one);
    }
    const auto outcome = progress.outcome();
    return brief(outcome.verdicts[0]) + (outcome.unreachable ? " unreachable" : "");
}

}  // namespace

TEST_CASE("which verdicts end the search for a host") {
    CHECK(is_final(taken));
    CHECK(is_final(refused));
    CHECK(is_final(unknown));   // trying another host would send a second copy
    CHECK(is_final(no_lease));  // another host does not give us the lease back
    CHECK_FALSE(is_final(later));
    CHECK_FALSE(is_final(lost));
    CHECK_FALSE(is_final(dead));
    CHECK_FALSE(is_final(too_big));
    CHECK_FALSE(is_final(no_requiretls));
    CHECK_FALSE(is_final(said("554 5.7.1 not you", Stage::greeting).softened()));
}

TEST_CASE("several hosts, one recipient") {
    struct Case {
        const char* what;
        std::vector<HostOutcome> hosts;
        const char* outcome;
    };
    const Case cases[] = {
        {"the first takes it", {host({taken}), host({refused})}, "delivered"},
        {"the first refuses for good",
         {host({refused}), host({taken})},
         "failed 5.1.1 rcpt reply_5xx"},
        {"the second takes it", {host({later}), host({taken})}, "delivered"},
        {"the first is dead", {dead_host(), host({taken})}, "delivered"},
        {"the outcome is unknown",
         {host({unknown}), host({taken})},
         "deferred 4.4.2 final_dot connect"},
        {"all are dead", {dead_host(), dead_host()}, "deferred 4.4.1 connect connect unreachable"},
        {"a reply says more than a dead host",
         {host({later}), dead_host()},
         "deferred 4.3.0 rcpt reply_4xx"},
        {"the last reply counts", {host({lost}), host({later})}, "deferred 4.3.0 rcpt reply_4xx"},
        {"too big for one, taken by the next", {host({too_big}), host({taken})}, "delivered"},
        {"too big for all", {host({too_big}), host({too_big})}, "failed 5.3.4 mail policy"},
        {"too big for one, the other is dead",
         {host({too_big}), dead_host()},
         "deferred 4.4.1 connect connect"},
        {"one is dead, too big for the other",
         {dead_host(), host({too_big})},
         "deferred 4.3.4 mail policy"},
        {"REQUIRETLS nowhere",
         {host({no_requiretls}), host({no_requiretls})},
         "failed 5.7.30 mail policy"},
        {"REQUIRETLS not here, and the other is busy",
         {host({no_requiretls}), host({later})},
         "deferred 4.3.0 rcpt reply_4xx"},
    };
    for (const Case& test : cases) {
        CAPTURE(test.what);
        CHECK(outcome_of(test.hosts) == test.outcome);
    }
}

TEST_CASE("each recipient goes its own way from host to host") {
    const auto job = job_for({"a@rcpt.test", "b@rcpt.test", "c@rcpt.test"});
    Progress progress(job);
    CHECK(progress.fewer() == nullptr);
    progress.note(host({refused, later, lost}));
    auto rest = progress.fewer();
    REQUIRE(rest != nullptr);
    REQUIRE(rest->recipients.size() == 2);
    CHECK(rest->recipients[0].number == 2);
    CHECK(rest->recipients[1].number == 3);
    CHECK(rest->message == job.message);

    progress.note(host({taken, later}));
    rest = progress.fewer();
    REQUIRE(rest != nullptr);
    REQUIRE(rest->recipients.size() == 1);
    CHECK(rest->recipients[0].number == 3);
    CHECK_FALSE(progress.all_final());

    progress.note(host({unknown}));
    CHECK(progress.all_final());
    const auto outcome = progress.outcome();
    CHECK(
        briefs(outcome.verdicts) ==
        Briefs{"failed 5.1.1 rcpt reply_5xx", "delivered", "deferred 4.4.2 final_dot connect"}
    );
    CHECK_FALSE(outcome.unreachable);
}

TEST_CASE("a host that could not be tried decides nothing for good") {
    const auto job = job_for({"a@rcpt.test"});
    Progress progress(job);
    progress.note_all(Verdict::failed(Stage::resolve, ErrorKind::dns, {5, 1, 2}, "no address"));
    CHECK_FALSE(progress.all_final());
    progress.note(host({taken}));
    CHECK(brief(progress.outcome().verdicts[0]) == "delivered");
}
