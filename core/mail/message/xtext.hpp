// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <string>
#include <string_view>

/// The coding of ENVID and ORCPT values (RFC 3461 section 4, RFC 6533 section 3).
namespace outpost::mail {

/// Decodes xtext. UTF-8 that stands unencoded in an ORCPT of an SMTPUTF8 transaction passes (RFC
/// 6533, utf-8-addr-unitext). None for malformed xtext and for anything that decodes to a control
/// character or to an octet above 126: such a value would end up in header fields and in SQL.
std::optional<std::string> xtext_decode(std::string_view text);

/// Encodes as xtext. The result is ASCII whatever the text: a non-ASCII character becomes "\x{HEX}"
/// (RFC 6533, utf-8-addr-xtext), which any server may be sent; an octet that is no UTF-8 becomes
/// '?'.
std::string xtext_encode(std::string_view text);

/// Writes non-ASCII characters, and only those, as "\x{HEX}" (RFC 6533 section 3).
std::string escape_unicode(std::string_view text);
/// Reads what escape_unicode() writes, in a field that has no further coding (the utf-8 addresses
/// of RFC 6533 section 3). What is no such escape stays as it is.
std::string unescape_unicode(std::string_view text);

}  // namespace outpost::mail
