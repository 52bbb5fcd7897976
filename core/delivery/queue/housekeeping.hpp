// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <string>
#include <vector>

#include "core/foundation/database/session.hpp"

/// What nodes do to the database besides moving mail. Plain calls on a session.
namespace outpost::queue {

/// Takes over what dead nodes held. Returns how many recipients; call again while it is not 0.
int take_over(db::Session& session, std::chrono::seconds uncertain_delay);
/// Deletes what finished longer ago than `age`, a batch at a time. True when there may be more.
bool expire(db::Session& session, std::chrono::seconds age);
/// The same for attempts, double bounces and notes of configurations.
bool expire_history(db::Session& session, std::chrono::seconds age);

/// Adds what has changed to the counts of what waits (outpost_private.fold_waiting). True when
/// there may be more.
bool fold_waiting(db::Session& session);

/// What SQL has to know of the configuration.
struct AccountRow {
    std::string name;
    std::vector<std::string> addresses, domains;
    bool any_sender = false;
};
struct ConfigurationRows {
    std::string version, node;
    std::vector<AccountRow> accounts;
    std::vector<std::string> transports;
};
void publish_configuration(db::Session& session, const ConfigurationRows& rows);

}  // namespace outpost::queue
