// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "core/delivery/queue/records.hpp"
#include "core/tls_reports/sending/draft.hpp"

namespace outpost::tls_reports {

/// The mail of a report, signed by its submitter: one message for all its addresses. It asks for no
/// DSN, so nobody is told where it fails; its id is for the caller to set.
queue::NewMessage report_message(const Draft& draft, const Submitter& submitter, WallTime now);

}  // namespace outpost::tls_reports
