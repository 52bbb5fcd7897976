// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <optional>
#include <string_view>

namespace outpost::server {

/// Tells the service manager how we are (sd_notify(3)): "READY=1", "STOPPING=1", "WATCHDOG=1",
/// "RELOADING=1". One datagram to the socket that NOTIFY_SOCKET names; nothing when it is not set
/// or cannot be reached.
void notify_service_manager(std::string_view state) noexcept;

/// How often the service manager wants "WATCHDOG=1" (half of WATCHDOG_USEC); nothing when it does
/// not watch this process.
std::optional<std::chrono::milliseconds> watchdog_interval() noexcept;

}  // namespace outpost::server
