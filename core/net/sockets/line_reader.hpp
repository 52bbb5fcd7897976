// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <string_view>

#include "core/net/sockets/stream.hpp"

namespace outpost::net {

/// Buffered reading of CRLF lines and of raw octets over one Stream. Thousands of sessions wait for
/// a line at any time, so that takes a small buffer; a large one is there only while content comes.
class LineReader {
  public:
    enum class Status {
        line,      ///< `text` holds a line without its CRLF
        too_long,  ///< the line was longer than the limit and has been skipped to its end (bounded)
        bare,      ///< a CR or LF stood alone in the line; `text` holds what came
        end,       ///< the peer closed in an orderly way
    };
    struct Line {
        Status status;
        std::string text;
    };

    /// Octets read at once.
    struct Sizes {
        std::size_t line = 512;
        std::size_t content = 16 * 1024;
    };
    explicit LineReader(Stream& stream) : LineReader(stream, Sizes()) {}
    LineReader(Stream& stream, Sizes sizes) : stream_(stream), sizes_(sizes) {}

    /// Reads one line of at most `limit` octets, CRLF included. A peer that never ends its line is
    /// cut off (std::system_error, protocol error) after 64 KiB more.
    awaitable<Line> read_line(std::size_t limit, Deadline deadline);
    /// What is buffered, reading more if nothing is; empty at the peer's end. Take it with
    /// `consume`.
    awaitable<std::string_view> peek(Deadline deadline) { return peek(sizes_.content, deadline); }
    void consume(std::size_t count);
    /// True when bytes wait in the buffer: the peer has sent ahead (pipelining, or an injection).
    bool has_buffered() const noexcept { return begin_ < end_; }
    /// Forgets what is buffered: all that came in clear before a TLS handshake must go.
    void discard() noexcept { begin_ = end_ = 0; }

  private:
    awaitable<std::string_view> peek(std::size_t size, Deadline deadline);

    Stream& stream_;
    const Sizes sizes_;
    std::string buffer_;
    std::size_t begin_ = 0, end_ = 0;
};

}  // namespace outpost::net
