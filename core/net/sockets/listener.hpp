// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <asio/generic/stream_protocol.hpp>

#include <functional>
#include <memory>

#include "core/foundation/async/event_loops.hpp"
#include "core/foundation/async/task_group.hpp"
#include "core/net/sockets/endpoint.hpp"
#include "core/net/sockets/unix_socket.hpp"

namespace outpost::net {

/// Accepts connections on one address or unix-domain socket and gives them to the event loops in
/// turn. When the system has no descriptors left it pauses instead of spinning; clients wait in the
/// backlog meanwhile.
class Listener {
  public:
    using Socket = asio::generic::stream_protocol::socket;
    /// Called on the loop that the socket belongs to; `loop` is its index.
    using Accepted = std::function<void(Socket socket, std::size_t loop)>;

    /// Binds and listens at once. Throws std::system_error that names the address.
    Listener(EventLoops& loops, const Endpoint& at, Accepted accepted);
    Listener(EventLoops& loops, const UnixSocket& at, Accepted accepted);
    ~Listener();
    /// Begins to accept, as a task of `tasks`.
    void start(TaskGroup& tasks);
    /// Accepts no more. Connections that exist go on. Thread-safe.
    void stop();
    /// The port in use: that asked for, or the one the system chose for port 0. 0 for a
    /// unix-domain socket.
    std::uint16_t port() const;

  private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace outpost::net
