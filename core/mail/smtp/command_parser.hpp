// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "core/mail/smtp/address_params.hpp"

/// One command line of a client, understood (RFC 5321 section 4.1).
namespace outpost::smtp {

struct Hello {
    std::string name;       ///< printable ASCII, no blanks; not otherwise to be believed
    bool extended = false;  ///< EHLO
};
struct Data {};
struct Bdat {
    std::uint64_t size = 0;
    bool last = false;
};
struct Reset {};
struct Noop {};
struct Quit {};
struct StartTls {};
struct Auth {
    std::string mechanism;               ///< in upper case
    std::optional<std::string> initial;  ///< as sent: base64, or "="
};
struct Verify {};
struct Expand {};
struct Help {};
/// A web browser, or someone using one against us (ALPACA, cross-protocol requests): hang up.
struct HttpRequest {};

using Command = std::variant<
    Hello, MailFrom, RcptTo, Data, Bdat, Reset, Noop, Quit, StartTls, Auth, Verify, Expand, Help,
    HttpRequest>;

/// `line` comes without its CRLF. The error is the reply to give. Never throws.
Result<Command, Reply> parse_command(std::string_view line, std::string_view local_domain);

/// True for a BDAT line, well-formed or not: what follows a malformed one is content of unknown
/// length, not commands.
bool is_bdat(std::string_view line) noexcept;

}  // namespace outpost::smtp
