// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "core/delivery/queue/records.hpp"

namespace outpost::dispatch {

/// One line of log for one recipient's attempt, to be found by message, recipient, remote or reply.
/// Alarms that want a person (a rejected relay password, a bounce that bounced) get a line of their
/// own.
void log_attempt(const queue::Claimed& claim, const queue::Settled& settled);

}  // namespace outpost::dispatch
