// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string>

#include "core/foundation/database/session.hpp"

namespace outpost::cli {

/// The story of a message for people: where it came from, each attempt with route, transport,
/// remote replies, and for each recipient how it ended or what it is waiting for. Empty when there
/// is no such message. Throws db::Unavailable.
std::string tell_story(db::Session& session, std::int64_t message);
/// Whether every recipient has come to an end.
bool is_over(db::Session& session, std::int64_t message);

}  // namespace outpost::cli
