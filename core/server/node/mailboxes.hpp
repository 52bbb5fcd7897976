// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "core/delivery/queue/bounces.hpp"
#include "core/reception/inbound/receiving_policy.hpp"
#include "core/server/settings/settings.hpp"
#include "core/tls_reports/receiving/tls_report_intake.hpp"

namespace outpost::server {

/// All that strangers may send to us, by the settings; made anew at each reload. `bounces` and
/// `reports` must outlive them.
inbound::Mailboxes make_mailboxes(
    const Settings& settings, queue::BounceStore& bounces,
    tls_report_receiving::TlsReportIntake& reports
);

}  // namespace outpost::server
