// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
#include <string>

#include "core/delivery/modules/policy_kind.hpp"
#include "core/delivery/queue/bounces.hpp"
#include "core/delivery/queue/limits.hpp"
#include "core/delivery/queue/store.hpp"
#include "core/delivery/queue/suppressions.hpp"
#include "core/tls_reports/receiving/tls_report_store.hpp"

namespace outpost::server {

/// Where a node keeps what must last. Each part of the node is passed the stores that it uses and
/// no others.
struct Stores {
    queue::QueueStore& queue;
    queue::LimitStore& limits;
    queue::Suppressions& suppressions;
    queue::BounceStore& bounces;
    tls_report_receiving::TlsReportStore& received_reports;
    /// What the policy with this key stores (delivery::PolicyKind::open_store); null: nothing.
    std::function<delivery::PolicyStore*(const std::string& policy)> of_policy;
    /// From now on the queue hands fresh work to this taker; null: to nobody.
    std::function<void(queue::FreshWorkTaker*)> hand_fresh_work_to;
};

}  // namespace outpost::server
