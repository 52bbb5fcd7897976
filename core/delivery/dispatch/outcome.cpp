// SPDX-License-Identifier: Apache-2.0
#include "core/delivery/dispatch/outcome.hpp"

#include <fmt/format.h>

#include <random>
#include <utility>

#include "core/delivery/dispatch/attempt_log.hpp"
#include "core/delivery/dispatch/settle_plan.hpp"
#include "core/mail/dsn/suppression.hpp"

namespace outpost::dispatch {
namespace {

using delivery::ErrorKind;
using delivery::Stage;
using delivery::Verdict;

double random_jitter() {
    thread_local std::mt19937_64 generator{std::random_device{}()};
    return std::uniform_real_distribution<>(0.0, 1.0)(generator);
}

/// Whether a server has refused the mailbox itself. What fails by our own configuration, by a
/// relay that does not let us in, or before anybody was asked for the recipient says nothing of it.
bool refuses_mailbox(const Verdict& verdict, const TransportEntry* transport) {
    if (verdict.kind() != Verdict::Kind::failed || !verdict.reply() || !verdict.remote ||
        verdict.stage() < Stage::rcpt)
        return false;
    const bool by_mx = transport != nullptr && transport->transport->per_domain();
    const dsn::Refusal refusal{
        verdict.reply()->code, verdict.status(), by_mx && verdict.stage() == Stage::rcpt
    };
    return dsn::suppresses_at_once(refusal);
}

}  // namespace

queue::Settled settle(
    const DeliveryRequest& request, const queue::Claimed& claim, const Verdict& verdict,
    const Common& common
) {
    const auto& decision = *request.decision;
    const SettleRules rules{
        request.snapshot->retry, decision.on_uncertain, common.ended(), random_jitter()
    };
    auto settled = plan_settlement(claim, verdict, rules);
    settled.started = common.started;
    settled.duration = common.duration;
    settled.route_list = route::text(decision.list);
    settled.route_name = decision.route;
    settled.route_index = static_cast<int>(decision.index);
    settled.route_reason = decision.reason();
    settled.transport = common.transport;
    settled.config_version = request.snapshot->version;
    const auto& suppress_for = request.snapshot->suppress_for;
    if (suppress_for &&
        refuses_mailbox(settled.verdict, request.snapshot->transport(common.transport)))
        settled.suppress_for = suppress_for;
    if (settled.verdict.kind() != Verdict::Kind::delivered) settled.transcript = common.transcript;
    log_attempt(claim, settled);
    return settled;
}

std::vector<queue::Settled> defer_backed_off(
    const DeliveryRequest& request, const std::string& reason, WallTime now
) {
    const auto verdict = Verdict::deferred(
        Stage::connect, ErrorKind::connect, {4, 4, 1},
        fmt::format("not tried: the destination was found unreachable just before: {}", reason)
    );
    Common common;
    common.started = now;
    common.transport = request.destination.transport;
    std::vector<queue::Settled> settled;
    for (const auto& claim : request.claims)
        settled.push_back(settle(request, claim, verdict, common));
    return settled;
}

queue::Settled defer_unrouted(
    SnapshotPtr snapshot, std::shared_ptr<const route::Decision> decision, queue::Claimed claim,
    WallTime now
) {
    const auto verdict = Verdict::deferred(
        Stage::route, ErrorKind::dns, {4, 4, 3},
        "the route cannot be chosen: the MX hosts of " + claim.recipient.address.domain().ascii() +
            " could not be looked up"
    );
    Common common;
    common.started = now;
    const DeliveryRequest alone{{}, std::move(snapshot), std::move(decision), {std::move(claim)}};
    return settle(alone, alone.claims.front(), verdict, common);
}

}  // namespace outpost::dispatch
