// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "core/delivery/interface/retry.hpp"
#include "core/delivery/queue/records.hpp"
#include "core/delivery/route/table.hpp"

namespace outpost::dispatch {

struct SettleRules {
    const delivery::RetryPolicy& retry;
    route::OnUncertain on_uncertain = route::OnUncertain::resend;
    WallTime now{};
    double jitter = 0.5;  ///< in [0, 1): the jitter of the retry time
};

/// What becomes of a recipient after an attempt with this verdict: its next state, when it is tried
/// again, whether its outcome is unknown, and which report its sender is owed. Fills the parts of
/// the settlement that follow from that; route, transport, times and transcript are the attempt's
/// to add. Pure.
queue::Settled plan_settlement(
    const queue::Claimed& claim, const delivery::Verdict& verdict, const SettleRules& rules
);

/// Whether the end of the data was sent and its reply never came: the remote may have the message.
bool outcome_unknown(const delivery::Verdict& verdict) noexcept;

}  // namespace outpost::dispatch
