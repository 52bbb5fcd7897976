// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "core/mail/smtp/reply.hpp"
#include "core/net/sockets/line_reader.hpp"
#include "core/net/sockets/tcp_stream.hpp"

namespace outpost::smtp {

/// The line to a client: replies are collected while more commands wait in the buffer, so that a
/// pipelined group is answered in one write (RFC 2920 section 3.2). Belongs to one session.
class ServerChannel {
  public:
    ServerChannel(net::ServerStream& stream, Duration idle_timeout, Deadline session)
        : stream_(stream), reader_(stream), idle_timeout_(idle_timeout), session_(session) {}

    /// Queues a reply.
    void say(const Reply& reply);
    awaitable<void> flush();
    /// Sends what is queued unless the client has already sent ahead; then waits for a line of at
    /// most `limit` octets.
    awaitable<net::LineReader::Line> read_line(std::size_t limit);
    net::LineReader& reader() noexcept { return reader_; }
    net::ServerStream& stream() noexcept { return stream_; }
    /// From now on, for one operation.
    Deadline deadline() const { return session_.narrowed(idle_timeout_); }
    /// Nothing is queued: what was said last has been sent.
    bool drained() const noexcept { return out_.empty(); }

  private:
    net::ServerStream& stream_;
    net::LineReader reader_;
    Duration idle_timeout_;
    Deadline session_;
    std::string out_;
};

}  // namespace outpost::smtp
