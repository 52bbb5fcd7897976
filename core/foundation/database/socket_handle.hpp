// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/foundation/database/errors.hpp"

namespace outpost::db {

/// A second handle on a connection's socket. It stays valid whenever the library closes its own, so
/// other threads can shut the connection down without a race.
class SocketHandle {
  public:
    explicit SocketHandle(int socket) : socket_(::fcntl(socket, F_DUPFD_CLOEXEC, 0)) {
        if (socket_ < 0) throw Unavailable("no descriptor left for a database connection");
    }
    ~SocketHandle() { ::close(socket_); }
    SocketHandle(const SocketHandle&) = delete;
    SocketHandle& operator=(const SocketHandle&) = delete;

    int get() const noexcept { return socket_; }
    void shut_down() const noexcept { ::shutdown(socket_, SHUT_RDWR); }
    /// A server says nothing on its own to a connection that is idle, but for its farewell.
    bool is_silent() const noexcept {
        pollfd one{socket_, POLLIN | POLLRDHUP, 0};
        return ::poll(&one, 1, 0) == 0;
    }

  private:
    int socket_;
};

}  // namespace outpost::db
