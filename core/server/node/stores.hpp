// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>

#include "core/delivery/queue/bounces.hpp"
#include "core/delivery/queue/limits.hpp"
#include "core/delivery/queue/store.hpp"
#include "core/delivery/queue/suppressions.hpp"
#include "core/tls_reports/receiving/tls_report_store.hpp"
#include "policies/mta_sts/store.hpp"

namespace outpost::server {

/// Where a node keeps what must last. Each part of the node is passed the stores that it uses and
/// no others.
struct Stores {
    queue::QueueStore& queue;
    queue::LimitStore& limits;
    queue::Suppressions& suppressions;
    queue::BounceStore& bounces;
    mta_sts::Store& mta_sts;
    tls_report_receiving::TlsReportStore& received_reports;
    /// From now on the queue hands fresh work to this taker; null: to nobody.
    std::function<void(queue::FreshWorkTaker*)> hand_fresh_work_to;
};

}  // namespace outpost::server
