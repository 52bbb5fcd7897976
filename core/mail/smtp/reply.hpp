// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/foundation/base/result.hpp"

namespace outpost::smtp {

/// An enhanced mail system status code, class.subject.detail (RFC 3463).
struct EnhancedStatus {
    std::uint16_t klass = 0, subject = 0, detail = 0;
    static std::optional<EnhancedStatus> parse(std::string_view text);
    std::string text() const;
    bool operator==(const EnhancedStatus&) const = default;
};

/// A server's reply (RFC 5321 section 4.2): code, optional enhanced status, lines without code.
struct Reply {
    int code = 0;
    std::optional<EnhancedStatus> enhanced;  ///< only when its class equals the code's first digit
    std::vector<std::string> lines;  ///< text of each line, without code; remote text, untrusted

    bool positive() const noexcept { return code >= 200 && code < 300; }
    bool intermediate() const noexcept { return code >= 300 && code < 400; }
    bool transient() const noexcept { return code >= 400 && code < 500; }
    bool permanent() const noexcept { return code >= 500 && code < 600; }
    /// All on one line: "550 5.1.1 no such user / really not". For people, logs and SQL.
    std::string text() const;
};

/// Assembles a reply from its lines. Feed lines (without CRLF) until one completes the reply.
/// Refuses: a code outside 2yz-5yz, lines whose codes differ, no code, more than 128 lines or 64
/// KiB of text in all.
class ReplyParser {
  public:
    enum class State { need_more, complete, malformed };
    State feed(std::string_view line);
    /// The finished reply; the parser is empty again.
    Reply take();
    const std::string& error() const noexcept { return error_; }

  private:
    void start_anew();
    State refuse(std::string_view why);

    Reply reply_;
    std::size_t size_ = 0;
    std::string error_;
    bool ended_ = false;  ///< the next line begins another reply
};

}  // namespace outpost::smtp
