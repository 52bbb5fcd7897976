// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "core/foundation/async/deadline.hpp"
#include "core/net/sockets/endpoint.hpp"
#include "core/net/sockets/stream.hpp"

namespace outpost::net {

/// Opens connections: directly, or through a proxy. Thread-safe; the stream belongs to the executor
/// of the calling coroutine. Throws std::system_error when it cannot connect in time.
class Dialer {
  public:
    virtual ~Dialer() = default;
    virtual awaitable<StreamPtr> dial(const Endpoint& to, Deadline deadline) = 0;
    /// A unix-domain socket (LMTP). Proxies refuse it.
    virtual awaitable<StreamPtr> dial_unix(const std::string& path, Deadline deadline) = 0;
};

}  // namespace outpost::net
