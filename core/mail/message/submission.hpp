// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/foundation/base/clock.hpp"
#include "core/foundation/base/result.hpp"
#include "core/mail/message/content.hpp"
#include "core/mail/message/header.hpp"

/// What every door does to a message before it is queued: SMTP submission, sendmail, SQL.
namespace outpost::mail {

/// A message with more Received fields than this is going round in circles (RFC 5321 section 6.3).
constexpr std::size_t max_received_fields = 50;

/// Nobody has honest headers of this size; parsing and routing read them whole.
constexpr std::size_t longest_header = 1 << 20;

/// A message taken apart: the header section with the empty line that ends it, and the body.
struct MessageParts {
    std::string header;
    std::vector<std::string> body;
};

/// Splits a whole message (CRLF line ends, chunks of any size) at the first empty line. Where there
/// is none, the header section ends before the first line that cannot belong to it, and the empty
/// line is added; so a text without any header becomes all body. Chunks behind the header are
/// moved. A header section that goes on beyond `longest_header` is not followed to its end.
MessageParts split_message(std::vector<std::string> chunks);

/// Makes local input (sendmail, SQL) fit for the wire: LF and CRLF become CRLF, the last line gets
/// its end. Refuses NUL, and CR that is not followed by LF, with a sentence for people.
Result<std::string> normalise_line_ends(std::string_view text);

/// Completes the header section of a submitted message (RFC 6409 section 8): adds Date and
/// Message-ID (with `host` as its right side) where missing, and removes Bcc and Resent-Bcc.
/// The section ends with its empty line.
void complete_header(Header& header, std::string_view host, WallTime now);

/// Whether a message has more Received fields than `most`, and so is looping.
bool is_looping(const Header& header, std::size_t most = max_received_fields);

/// Whether the sender waives TLS policies by `TLS-Required: No` (RFC 8689 section 3). It stands
/// once; where it is repeated all must say no, and any other value counts for nothing.
bool waives_tls(const Header& header);

/// Whether octets above 127 occur: in a body they want 8BITMIME, in a header section SMTPUTF8.
bool has_eightbit(std::string_view text) noexcept;
bool has_eightbit(const Content& content) noexcept;

}  // namespace outpost::mail
