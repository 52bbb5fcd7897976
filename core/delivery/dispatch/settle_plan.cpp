// SPDX-License-Identifier: Apache-2.0
#include "core/delivery/dispatch/settle_plan.hpp"

#include <algorithm>

namespace outpost::dispatch {
namespace {

using delivery::ErrorKind;
using delivery::Stage;
using delivery::Verdict;
using queue::RecipientState;
using queue::Report;

/// A relay that does not accept our password says nothing about the recipient: its mail waits until
/// someone corrects the password.
Verdict fair_verdict(const Verdict& verdict) {
    return verdict.stage() == delivery::Stage::auth ? verdict.softened() : verdict;
}

/// Nobody is told of what becomes of a report (RFC 5321 section 4.5.5).
bool has_sender(const queue::Claimed& claim) {
    return !claim.envelope->mail_from.is_null();
}

Report success_report(const queue::Claimed& claim, const Verdict& verdict) {
    if (!has_sender(claim) || !claim.recipient.notify.success) return Report::none;
    using Success = delivery::RemoteFacts::Success;
    const auto meaning = verdict.remote ? verdict.remote->success : Success::relayed;
    switch (meaning) {
        case Success::passed_on:
            return Report::none;
        case Success::delivered:
            return Report::delivered;
        case Success::relayed:
            return Report::relayed;
    }
    return Report::relayed;
}

void settle_failed(queue::Settled& settled, const queue::Claimed& claim) {
    settled.state = RecipientState::failed;
    const bool told = has_sender(claim) && claim.recipient.notify.wants_failure();
    settled.report = told ? Report::failed : Report::none;
}

/// The last attempt is made when the message's time is over, not left out for falling behind it.
WallTime next_attempt(
    const queue::Claimed& claim, const SettleRules& rules, std::chrono::seconds delay
) {
    const auto last = claim.envelope->due_from + rules.retry.give_up_after;
    return std::min(rules.now + delay, std::max(last, rules.now + std::chrono::seconds(1)));
}

bool delay_report_due(const queue::Claimed& claim, const SettleRules& rules) {
    const auto& policy = rules.retry;
    return policy.warn_after.count() > 0 && !claim.warned && has_sender(claim) &&
           claim.recipient.notify.wants_delay() &&
           rules.now - claim.envelope->due_from >= policy.warn_after;
}

void settle_deferred(
    queue::Settled& settled, const queue::Claimed& claim, const SettleRules& rules,
    std::chrono::seconds delay
) {
    if (decide_retry(rules.retry, claim.envelope->due_from, rules.now) ==
        delivery::RetryDecision::give_up) {
        settle_failed(settled, claim);
        return;
    }
    settled.state = RecipientState::queued;
    settled.next_attempt = next_attempt(claim, rules, delay);
    if (delay_report_due(claim, rules)) settled.report = Report::delayed;
}

bool is_crash(const Verdict& verdict) {
    return verdict.error_kind() == ErrorKind::crash;
}

/// An attempt that did not get as far as the message has shown nothing: the count stays.
int crashes_after(const queue::Claimed& claim, const Verdict& verdict) {
    if (verdict.kind() != Verdict::Kind::deferred) return 0;
    if (is_crash(verdict)) return claim.crashes + 1;
    return verdict.stage() <= Stage::connect ? claim.crashes : 0;
}

/// Whatever it does to the processes that touch it, it does it no fourth time.
constexpr int crashes_of_poison = 3;

void hold_poison(queue::Settled& settled) {
    settled.state = RecipientState::held;
    settled.hold_reason =
        "poison: three attempts in a row ended in a crash, this last: " + settled.verdict.words();
}

void settle_unknown(
    queue::Settled& settled, const queue::Claimed& claim, const SettleRules& rules
) {
    settled.uncertain = true;
    switch (rules.on_uncertain) {
        case route::OnUncertain::hold:
            settled.state = RecipientState::held;
            settled.hold_reason =
                "the reply to the end of the data never came: it may have been delivered";
            return;
        case route::OnUncertain::assume_delivered:
            settled.state = RecipientState::delivered;
            return;
        case route::OnUncertain::resend:
            if (settled.crashes >= crashes_of_poison && is_crash(settled.verdict))
                return hold_poison(settled);
            // The remote may still be busy storing it: RFC 5321 section 4.5.3.2.6 grants it 10
            // minutes.
            settle_deferred(
                settled, claim, rules,
                std::max(
                    rules.retry.uncertain, retry_delay(rules.retry, claim.attempts, rules.jitter)
                )
            );
            return;
    }
}

}  // namespace

bool outcome_unknown(const Verdict& verdict) noexcept {
    return verdict.kind() == Verdict::Kind::deferred &&
           verdict.stage() == delivery::Stage::final_dot && !verdict.reply();
}

queue::Settled plan_settlement(
    const queue::Claimed& claim, const Verdict& given, const SettleRules& rules
) {
    queue::Settled settled;
    settled.key = claim.key;
    settled.token = claim.token;
    settled.attempt = claim.attempts;
    settled.verdict = fair_verdict(given);
    // What an earlier attempt left unknown stays unknown until a remote has accepted the message.
    settled.uncertain = claim.uncertain;
    settled.crashes = crashes_after(claim, settled.verdict);
    switch (settled.verdict.kind()) {
        case Verdict::Kind::delivered:
            settled.state = RecipientState::delivered;
            settled.uncertain = false;
            settled.report = success_report(claim, settled.verdict);
            break;
        case Verdict::Kind::failed:
            settle_failed(settled, claim);
            break;
        case Verdict::Kind::deferred:
            if (outcome_unknown(settled.verdict)) {
                settle_unknown(settled, claim, rules);
            } else if (settled.crashes >= crashes_of_poison && is_crash(settled.verdict)) {
                hold_poison(settled);
            } else {
                settle_deferred(
                    settled, claim, rules, retry_delay(rules.retry, claim.attempts, rules.jitter)
                );
            }
            break;
    }
    return settled;
}

}  // namespace outpost::dispatch
