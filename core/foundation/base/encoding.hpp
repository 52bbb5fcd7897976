// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace outpost {

/// Base64 with padding (RFC 4648 section 4), on one line.
std::string base64_encode(std::string_view bytes);
/// Strict: refuses white space, wrong padding and foreign characters.
std::optional<std::string> base64_decode(std::string_view text);
std::string hex_encode(std::string_view bytes);
std::optional<std::string> hex_decode(std::string_view text);

bool is_ascii(std::string_view text) noexcept;
/// Well-formed UTF-8 (RFC 3629): no overlong forms, surrogates or values above U+10FFFF.
bool is_utf8(std::string_view text) noexcept;
/// ASCII only; other bytes stay as they are.
std::string to_lower(std::string_view text);
bool iequals(std::string_view a, std::string_view b) noexcept;
std::string_view trim(std::string_view text) noexcept;

}  // namespace outpost
