// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <string_view>

namespace outpost::smtp {

/// Dot-stuffing for DATA (RFC 5321 section 4.5.2), chunk by chunk. What it puts out can hold no end
/// of data but the one that `finish` adds: only CRLF ends lines, and a bare CR or LF is refused.
class DataEncoder {
  public:
    /// Appends the encoded chunk to `out`. False when a bare CR or LF was found: the message must
    /// not be sent any further (SMTP smuggling).
    [[nodiscard]] bool encode(std::string_view chunk, std::string& out);
    /// Appends the end of the last line, where it is missing, and the final dot. False as in
    /// `encode`.
    [[nodiscard]] bool finish(std::string& out);
    /// As `finish`, but the dot itself is left for later: the last line's end only.
    [[nodiscard]] bool finish_line(std::string& out);

  private:
    bool at_line_start_ = true;
    bool after_cr_ = false;
};

/// Whether all line ends of a chunk sequence are CRLF: what BDAT needs to know before it sends
/// octets as they are.
class LineEndCheck {
  public:
    [[nodiscard]] bool feed(std::string_view chunk);
    [[nodiscard]] bool finish() const noexcept { return !after_cr_; }

  private:
    bool after_cr_ = false;
};

}  // namespace outpost::smtp
