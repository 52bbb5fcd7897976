// SPDX-License-Identifier: Apache-2.0
#include "core/delivery/dispatch/settle_plan.hpp"

#include <doctest/doctest.h>

#include "tests/unit/delivery/dispatch/fixtures.hpp"

using namespace outpost;
using namespace outpost::dispatch;
using namespace std::chrono_literals;
using delivery::ErrorKind;
using delivery::Stage;
using delivery::Verdict;
using queue::RecipientState;
using queue::Report;

namespace {

smtp::Reply reply(int code, const char* text) {
    return {code, std::nullopt, {text}};
}

Verdict refused(int code, Stage stage = Stage::rcpt) {
    return Verdict::from_reply(stage, reply(code, "no"));
}
Verdict no_reply_to_dot() {
    return Verdict::deferred(
        Stage::final_dot, ErrorKind::timeout, {4, 4, 2}, "no reply to the end of the data"
    );
}
Verdict delivered_as(delivery::RemoteFacts::Success meaning) {
    auto verdict = Verdict::from_reply(Stage::done, reply(250, "ok"));
    delivery::RemoteFacts facts;
    facts.success = meaning;
    verdict.remote = std::make_shared<const delivery::RemoteFacts>(facts);
    return verdict;
}

struct Case {
    const char* what;
    Verdict verdict;
    std::chrono::seconds age{0};
    const char* notify = "";
    const char* from = "alice@sender.example";
    bool warned = false;
    route::OnUncertain on_uncertain = route::OnUncertain::resend;
    RecipientState state = RecipientState::queued;
    Report report = Report::none;
    bool uncertain = false;
};

queue::Settled settle(
    const Case& test, const delivery::RetryPolicy& policy, WallTime now, bool was_uncertain = false
) {
    auto message = test::message(7, test.from);
    message->submitted_at = now - test.age - std::chrono::hours(24 * 365);  // released much later
    message->due_from = now - test.age;
    auto claim = test::claimed(message, 1, "bob@example.org", 2);
    claim.recipient.notify = delivery::Notify::parse(test.notify).value();
    claim.warned = test.warned;
    claim.uncertain = was_uncertain;
    return plan_settlement(claim, test.verdict, {policy, test.on_uncertain, now, 0.5});
}

}  // namespace

TEST_CASE("each verdict becomes the state and the report that its sender is owed") {
    using Success = delivery::RemoteFacts::Success;
    using route::OnUncertain;
    const auto ok = delivered_as(Success::relayed);
    const std::vector<Case> cases = {
        {.what = "delivered", .verdict = ok, .state = RecipientState::delivered},
        {.what = "delivered, NOTIFY=SUCCESS, no DSN there",
         .verdict = ok,
         .notify = "SUCCESS",
         .state = RecipientState::delivered,
         .report = Report::relayed},
        {.what = "delivered, NOTIFY=SUCCESS, final",
         .verdict = delivered_as(Success::delivered),
         .notify = "SUCCESS",
         .state = RecipientState::delivered,
         .report = Report::delivered},
        {.what = "delivered, NOTIFY=SUCCESS passed on",
         .verdict = delivered_as(Success::passed_on),
         .notify = "SUCCESS",
         .state = RecipientState::delivered},
        {.what = "delivered, NOTIFY=SUCCESS, null sender",
         .verdict = ok,
         .notify = "SUCCESS",
         .from = "",
         .state = RecipientState::delivered},
        {.what = "refused for good",
         .verdict = refused(550),
         .state = RecipientState::failed,
         .report = Report::failed},
        {.what = "refused for good, NOTIFY=FAILURE",
         .verdict = refused(550),
         .notify = "FAILURE",
         .state = RecipientState::failed,
         .report = Report::failed},
        {.what = "refused for good, NOTIFY=NEVER",
         .verdict = refused(550),
         .notify = "NEVER",
         .state = RecipientState::failed},
        {.what = "refused for good, NOTIFY=DELAY",
         .verdict = refused(550),
         .notify = "DELAY",
         .state = RecipientState::failed},
        {.what = "refused for good, null sender",
         .verdict = refused(550),
         .from = "",
         .state = RecipientState::failed},
        {.what = "refused for now", .verdict = refused(450), .state = RecipientState::queued},
        {.what = "refused for now, late",
         .verdict = refused(450),
         .age = 5h,
         .state = RecipientState::queued,
         .report = Report::delayed},
        {.what = "refused for now, late, warned",
         .verdict = refused(450),
         .age = 5h,
         .warned = true,
         .state = RecipientState::queued},
        {.what = "refused for now, late, NOTIFY=FAILURE",
         .verdict = refused(450),
         .age = 5h,
         .notify = "FAILURE",
         .state = RecipientState::queued},
        {.what = "refused for now, late, null sender",
         .verdict = refused(450),
         .age = 5h,
         .from = "",
         .state = RecipientState::queued},
        {.what = "refused for now, too late",
         .verdict = refused(450),
         .age = 121h,
         .state = RecipientState::failed,
         .report = Report::failed},
        {.what = "refused for now, too late, null sender",
         .verdict = refused(450),
         .age = 121h,
         .from = "",
         .state = RecipientState::failed},
        {.what = "wrong relay password never bounces",
         .verdict = refused(535, Stage::auth),
         .state = RecipientState::queued},
        {.what = "unknown outcome, resend",
         .verdict = no_reply_to_dot(),
         .state = RecipientState::queued,
         .uncertain = true},
        {.what = "unknown outcome, hold",
         .verdict = no_reply_to_dot(),
         .on_uncertain = OnUncertain::hold,
         .state = RecipientState::held,
         .uncertain = true},
        {.what = "unknown outcome, assume",
         .verdict = no_reply_to_dot(),
         .notify = "SUCCESS",
         .on_uncertain = OnUncertain::assume_delivered,
         .state = RecipientState::delivered,
         .uncertain = true},
        {.what = "unknown outcome, too late",
         .verdict = no_reply_to_dot(),
         .age = 121h,
         .state = RecipientState::failed,
         .report = Report::failed,
         .uncertain = true},
        {.what = "450 after the dot is no unknown outcome",
         .verdict = refused(450, Stage::final_dot),
         .on_uncertain = OnUncertain::hold,
         .state = RecipientState::queued},
    };
    const auto now = WallClock::now();
    for (const auto& test : cases) {
        CAPTURE(test.what);
        const auto settled = settle(test, {}, now);
        CHECK(settled.state == test.state);
        CHECK(settled.report == test.report);
        CHECK(settled.uncertain == test.uncertain);
        CHECK(settled.next_attempt.has_value() == (test.state == RecipientState::queued));
        CHECK(settled.hold_reason.empty() == (test.state != RecipientState::held));
        CHECK(settled.key == RecipientKey{MessageId{7}, 1});
        CHECK(settled.attempt == 2);
    }
}

TEST_CASE(
    "a crash is counted, the third in a row puts on hold, and only a real try clears the count"
) {
    const auto crash = [](Stage stage) {
        return Verdict::deferred(
            stage, ErrorKind::crash, {4, 3, 0}, "the plugin 'x' crashed (signal 11)"
        );
    };
    struct CrashCase {
        const char* what;
        Verdict verdict;
        int before, after;
        RecipientState state;
        route::OnUncertain on_uncertain = route::OnUncertain::resend;
    };
    const std::vector<CrashCase> cases = {
        {"first", crash(Stage::data), 0, 1, RecipientState::queued},
        {"second", crash(Stage::route), 1, 2, RecipientState::queued},
        {"third", crash(Stage::data), 2, 3, RecipientState::held},
        {"third, after the dot", crash(Stage::final_dot), 2, 3, RecipientState::held},
        {"first, after the dot", crash(Stage::final_dot), 0, 1, RecipientState::queued},
        {"after the dot, assumed", crash(Stage::final_dot), 2, 3, RecipientState::delivered,
         route::OnUncertain::assume_delivered},
        {"refused for now", refused(450), 2, 0, RecipientState::queued},
        {"not reached", refused(450, Stage::connect), 2, 2, RecipientState::queued},
    };
    const delivery::RetryPolicy policy;
    const auto now = WallClock::now();
    for (const auto& test : cases) {
        CAPTURE(test.what);
        auto message = test::message(7);
        auto claim = test::claimed(message, 1, "bob@example.org", 2);
        claim.crashes = test.before;
        const auto settled =
            plan_settlement(claim, test.verdict, {policy, test.on_uncertain, now, 0.5});
        CHECK(settled.state == test.state);
        CHECK(settled.crashes == test.after);
        const bool poison = settled.hold_reason ==
                            "poison: three attempts in a row ended in a crash, this last: the "
                            "plugin 'x' crashed (signal 11)";
        CHECK(poison == (test.state == RecipientState::held));
    }
}

TEST_CASE("the next attempt follows the retry policy") {
    const auto now = WallClock::now();
    const delivery::RetryPolicy policy;
    const Case refused_for_now{.what = "", .verdict = refused(450)};
    CHECK(settle(refused_for_now, policy, now).next_attempt == now + 600s);  // the second attempt
    // Nobody can say how long a remote works on the message: 10 minutes at least (RFC 5321
    // section 4.5.3.2.6).
    auto hasty = policy;
    hasty.first = 1s;
    const Case unknown{.what = "", .verdict = no_reply_to_dot()};
    CHECK(settle(unknown, hasty, now).next_attempt == now + 600s);
    CHECK(settle(refused_for_now, hasty, now).next_attempt == now + 2s);
    // The last attempt comes when the time is over, not after it.
    const Case nearly_over{.what = "", .verdict = refused(450), .age = 120h - 60s};
    CHECK(settle(nearly_over, policy, now).next_attempt == now + 60s);
}

TEST_CASE("what was left unknown stays so until a remote has accepted") {
    const auto now = WallClock::now();
    CHECK(settle({.what = "", .verdict = refused(450)}, {}, now, true).uncertain);
    CHECK(settle({.what = "", .verdict = refused(550)}, {}, now, true).uncertain);
    CHECK_FALSE(settle({.what = "", .verdict = refused(250)}, {}, now, true).uncertain);
}
