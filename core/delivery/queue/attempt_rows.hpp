// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/delivery/queue/records.hpp"
#include "core/foundation/database/session.hpp"

namespace outpost::queue {

/// An outcome that becomes a row of outpost_private.attempt.
struct AttemptRow {
    const Settled* settled = nullptr;
    bool recorded = true;  ///< false: it came too late and changed nothing
};

/// Writes them, as made by the node of that name.
void write_attempt_rows(
    db::Session& session, std::span<const AttemptRow> attempts, const std::string& node
);

/// Remote words as PostgreSQL's text can hold them, and no more of them than anybody reads.
std::string one_line(std::string_view words);
/// The code of the remote's reply, if it spoke.
std::optional<std::int32_t> reply_code_of(const Settled& settled);
/// Where it happened; empty facts before a connection.
const delivery::RemoteFacts& remote_of(const Settled& settled);

}  // namespace outpost::queue
