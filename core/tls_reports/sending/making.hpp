// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "core/mail/tlsrpt/record.hpp"
#include "core/tls_reports/sending/marks.hpp"

namespace outpost::tls_reports {

/// Makes a claimed report: queues its mail, notes where it is to be posted to, and takes its mark
/// on, in one transaction. Where there is nothing to send, or the submitter has gone, it is
/// skipped. Nothing happens when the claim was lost.
void make(
    db::Session& session, const Claim& claim, const tlsrpt::Record& record, const Settings& settings
);

}  // namespace outpost::tls_reports
