// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <system_error>

#include "core/foundation/async/awaitable.hpp"
#include "core/foundation/async/deadline.hpp"

namespace outpost::net {

/// Whether the error says that this system has no descriptors or ports left just now. It says
/// nothing about the peer.
bool is_shortage(const std::error_code& error) noexcept;

/// In a shortage it helps that other connections end: waits a moment for that. False when the
/// deadline has passed. Logs it once a minute.
awaitable<bool> wait_out_shortage(const std::error_code& error, Deadline deadline);

/// Whether anyone has waited in the last seconds: time to close what is kept for later.
bool shortage_now() noexcept;

/// Whether this descriptor is one of the last, which are reserved for what must go on in a
/// shortage, such as renewing the node's lease.
bool is_reserved(int descriptor) noexcept;

}  // namespace outpost::net
