// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <string_view>

/// The little of MIME (RFC 2045, RFC 2046) that composing a report takes.
namespace outpost::mail {

/// Quoted-printable (RFC 2045 section 6.7) of text with CRLF line ends: they stay line ends, any
/// other CR or LF is encoded, no line is longer than 76 octets.
std::string quoted_printable(std::string_view text);

/// Whether text can travel unencoded everywhere: ASCII without NUL, CRLF line ends only, no line
/// over 998 octets (RFC 5322 section 2.1.1).
bool is_seven_bit(std::string_view text) noexcept;

/// A multipart boundary derived from `seed` that occurs nowhere in `contents`.
std::string make_boundary(std::string_view seed, std::string_view contents);

}  // namespace outpost::mail
