// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// Reading message content off the wire. Pure: octets in, content and verdict out; the result does
/// not depend on how the octets are cut into pieces.
namespace outpost::smtp {

/// What can be wrong with content. The first fault counts; nothing is kept after it.
enum class ContentFault { none, bare_cr, bare_lf, nul, long_line, too_large, no_memory };

struct ContentLimits {
    std::uint64_t max_size = 50 << 20;
    /// Octets of a line without its CRLF. RFC 5322 allows 998, and real senders exceed it: what is
    /// longer than this is refused, what is between goes out as it came, never folded (a fold would
    /// break signatures).
    std::size_t max_line = 2048;
};

/// Collects content and checks it octet by octet: lines end with CRLF, and CR and LF stand nowhere
/// else; no NUL. Memory is one copy of the content.
class ContentCollector {
  public:
    explicit ContentCollector(ContentLimits limits) : limits_(limits) {}

    void add(std::string_view octets);
    /// At the end of the content: adds the CRLF that a last line may lack (BDAT).
    void finish();
    ContentFault fault() const noexcept { return fault_; }
    /// The caller found a fault of its own; the content goes.
    void fail(ContentFault fault);
    std::uint64_t size() const noexcept { return size_; }
    /// The content in chunks; the collector is empty afterwards.
    std::vector<std::string> take();

  private:
    bool check(std::string_view octets);
    void begin_chunk();
    void store(std::string_view octets);

    ContentLimits limits_;
    ContentFault fault_ = ContentFault::none;
    std::vector<std::string> chunks_;
    std::size_t chunk_size_ = 0;  ///< of the last one, when it is full
    std::uint64_t size_ = 0;
    std::size_t line_length_ = 0;
    bool after_cr_ = false;
};

/// Decodes what follows DATA: removes dot stuffing, and ends at <CRLF>.<CRLF> and nowhere else (RFC
/// 5321 sections 4.1.1.4 and 4.5.2), whatever other mixture of CR, LF, NUL and dots comes along.
class DataDecoder {
  public:
    explicit DataDecoder(ContentLimits limits) : content_(limits) {}

    /// Returns how many octets were used: fewer than given only when the end was found.
    std::size_t feed(std::string_view input);
    bool ended() const noexcept { return state_ == State::ended; }
    ContentCollector& content() noexcept { return content_; }

  private:
    enum class State { line_start, dot, dot_cr, text, cr, ended };
    State after_dot(char c);

    State state_ = State::line_start;
    ContentCollector content_;
};

}  // namespace outpost::smtp
