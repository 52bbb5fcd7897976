// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "core/app/backend.hpp"
#include "core/app/settings.hpp"
#include "core/intake/receiving_policy.hpp"
#include "core/intake/tls_report_intake.hpp"

namespace outpost::app {

/// All that strangers may send to us, by the settings; made anew at each reload. `backend` and
/// `reports` must outlive them.
intake::Mailboxes make_mailboxes(
    const Settings& settings, Backend& backend, intake::TlsReportIntake& reports
);

}  // namespace outpost::app
