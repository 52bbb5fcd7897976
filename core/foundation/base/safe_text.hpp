// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

/// Text from strangers, made fit for a place where it must not act: a header field, a DSN, a log,
/// SQL.
namespace outpost {

/// The code point at the beginning of `text` and its length in octets; none when `text` does not
/// begin with well-formed UTF-8.
struct CodePoint {
    char32_t value = 0;
    std::size_t octets = 0;
};
std::optional<CodePoint> first_code_point(std::string_view text) noexcept;

/// C0 and C1 controls, DEL, and the line and paragraph separators: what can end a line somewhere.
constexpr bool is_control(char32_t c) noexcept {
    return c < 0x20 || (c >= 0x7f && c <= 0x9f) || c == 0x2028 || c == 0x2029;
}
/// Well-formed UTF-8 without controls (is_control).
bool is_clean_utf8(std::string_view text) noexcept;

enum class Charset { ascii, utf8 };
/// `text` cut to `max_octets`, with '?' for each control and for each octet or character that the
/// charset cannot hold. A tab becomes a space. The result is one line.
std::string safe_text(std::string_view text, Charset charset, std::size_t max_octets);

}  // namespace outpost
