// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "core/delivery/queue/records.hpp"
#include "core/foundation/database/session.hpp"

namespace outpost::queue {

/// A message on its way into the database.
struct Insertion {
    std::shared_ptr<const NewMessage> message;
    bool lease = false;  ///< its recipients begin as leased to us
};
struct Inserted {
    MessageId id{};
    bool duplicate = false;
    LeaseToken token{};  ///< for leased recipients
};

/// Writes messages with bodies and recipients, in a few statements however many they are. To be
/// called within a transaction. Tells other nodes when something is left for them.
std::vector<Inserted> insert_messages(
    db::Session& session, std::span<Insertion> batch, NodeId node
);

/// The domain column of a recipient: A-labels, or an address literal in brackets.
std::string lane_of(const mail::Address& address);

/// How many recipients the account's messages have that came in within this last span of time.
std::uint64_t count_recipients(
    db::Session& session, const std::string& account, std::chrono::seconds span
);

}  // namespace outpost::queue
