// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <string_view>

#include "core/mail/smtp/reply.hpp"

/// Replies that we give as a server.
namespace outpost::smtp {

/// `enhanced` is a status of RFC 3463 such as "5.5.4", or empty where none belongs (greeting, EHLO,
/// 354; RFC 2034 section 4).
Reply make_reply(int code, std::string_view enhanced, std::string text);

/// As it goes on the wire: every line with code and enhanced status, and CRLF. Control characters
/// in the text become '?'.
std::string wire(const Reply& reply);

}  // namespace outpost::smtp
