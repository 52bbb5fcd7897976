// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <optional>

#include "core/delivery/smtp_client/submission_server.hpp"

namespace outpost::cli {

using delivery::SubmissionServer;

/// A session that is open and logged in, or why there is none.
struct Connected {
    std::unique_ptr<delivery::SmtpSession> session;
    std::optional<delivery::Verdict> refused;
    bool unreachable = false;
};
awaitable<Connected> connect(const SubmissionServer& server, delivery::Transcript& transcript);

/// Hands a message over and waits for the verdicts, one a recipient. Runs its own event loop: for
/// commands, not for the server. Never throws for what network and server do.
delivery::DeliveryOutcome submit(const SubmissionServer& server, const delivery::DeliveryJob& job);

}  // namespace outpost::cli
