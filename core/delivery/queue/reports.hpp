// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <memory>
#include <string>

#include "core/delivery/interface/retry.hpp"
#include "core/foundation/database/session.hpp"
#include "core/mail/authentication/dkim/signer.hpp"

namespace outpost::queue {

/// What reports (DSNs) are written with.
struct ReportSettings {
    std::string reporting_mta;             ///< our host name
    delivery::RetryPolicy retry;           ///< says until when delayed mail is tried
    std::uint64_t max_original = 1 << 20;  ///< a larger original is never returned in full
    std::shared_ptr<const dkim::Signer> signer = {};  ///< null: nobody signs
};

/// Writes one report that is owed, of what became of attempts or of what came back after a
/// delivery: composes it for all recipients of one message, queues it, and takes the debts off, in
/// one transaction; so a crash loses no report and sends none twice. What was owed to the null
/// reverse-path becomes a double bounce. False when nothing was owed.
bool write_one_report(db::Session& session, const ReportSettings& settings);

}  // namespace outpost::queue
