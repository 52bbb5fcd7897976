// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "core/foundation/base/clock.hpp"
#include "core/foundation/base/result.hpp"
#include "core/mail/smtp/recipient.hpp"
#include "core/mail/smtp/reply.hpp"

/// What follows "MAIL FROM:" and "RCPT TO:": a path and ESMTP parameters (RFC 5321 section 4.1.2).
namespace outpost::smtp {

/// When a message is to be released (RFC 4865): after so long, or at that time.
using Release = std::variant<std::monostate, std::chrono::seconds, WallTime>;

struct MailFrom {
    mail::Address from;
    std::optional<std::uint64_t> size;  ///< SIZE (RFC 1870)
    bool eightbit = false;              ///< BODY=8BITMIME (RFC 6152)
    bool smtputf8 = false;              ///< RFC 6531
    bool require_tls = false;           ///< RFC 8689
    Ret ret = Ret::unspecified;         ///< RFC 3461 section 4.3
    std::string envid;                  ///< decoded
    Release release;
};

struct RcptTo {
    Recipient recipient;
    bool has_eightbit = false;  ///< the line has non-ASCII: wants SMTPUTF8 in MAIL
};

/// `text` is what follows the colon. The error is the reply to give.
Result<MailFrom, Reply> parse_mail_from(std::string_view text);
/// `local_domain` completes the bare "<Postmaster>" (RFC 5321 section 4.5.1).
Result<RcptTo, Reply> parse_rcpt_to(std::string_view text, std::string_view local_domain);

}  // namespace outpost::smtp
