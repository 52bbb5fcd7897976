// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <asio/generic/stream_protocol.hpp>

#include "core/foundation/async/awaitable.hpp"
#include "core/foundation/async/deadline.hpp"

namespace outpost::net {

/// Connects a new socket of the coroutine's executor, bound to `source` first where that is given
/// (size 0: not). Throws std::system_error, with std::errc::timed_out when the deadline passes.
awaitable<asio::generic::stream_protocol::socket> connect(
    asio::generic::stream_protocol::endpoint to, asio::generic::stream_protocol::endpoint source,
    Deadline deadline
);

}  // namespace outpost::net
