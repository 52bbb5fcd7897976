// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "core/foundation/database/settings.hpp"

namespace outpost::db {

/// The connection string of the settings (either form, one host or many) with what keeps a dead
/// peer from holding us: connect_timeout, keepalives, tcp_user_timeout; and, so that a standby is
/// not taken for the primary, target_session_attrs. What the string itself sets is left alone.
std::string complete_connection_string(const Settings& settings);

}  // namespace outpost::db
