// SPDX-License-Identifier: Apache-2.0
#include "core/mail/message/xtext.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cstdint>

#include "core/foundation/base/encoding.hpp"
#include "core/foundation/base/safe_text.hpp"

namespace outpost::mail {
namespace {

constexpr bool is_graphic(char c) noexcept {
    return c > ' ' && c < 0x7f;
}

/// The octet of a "+HH" at the beginning of `text`, when it is printable ASCII.
std::optional<char> decode_hexchar(std::string_view text) {
    const auto octets = hex_decode(text.substr(1, 2));
    if (!octets || octets->size() != 1) return std::nullopt;
    const char c = octets->front();
    return is_graphic(c) || c == ' ' ? std::optional(c) : std::nullopt;
}

/// A code point as UTF-8 (RFC 3629), which cannot be a surrogate.
std::string utf8(char32_t c) {
    const auto continuation = [c](int shift) {
        return static_cast<char>(0x80 | (c >> shift & 0x3f));
    };
    if (c < 0x80) return {static_cast<char>(c)};
    if (c < 0x800) return {static_cast<char>(0xc0 | c >> 6), continuation(0)};
    if (c < 0x10000) return {static_cast<char>(0xe0 | c >> 12), continuation(6), continuation(0)};
    return {static_cast<char>(0xf0 | c >> 18), continuation(12), continuation(6), continuation(0)};
}

/// The code point of the hexadecimal digits between "\x{" and "}", if they name one.
std::optional<char32_t> parse_code_point(std::string_view digits) {
    std::uint32_t value = 0;
    const auto [end, error] = std::from_chars(digits.begin(), digits.end(), value, 16);
    if (error != std::errc() || end != digits.end() || digits.size() > 6) return std::nullopt;
    if (value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff)) return std::nullopt;
    return value;
}

}  // namespace

std::optional<std::string> xtext_decode(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (c == '+') {
            const auto decoded = decode_hexchar(text.substr(i));
            if (!decoded) return std::nullopt;
            out += *decoded;
            i += 2;
        } else if (c == '=' || c == ' ') {
            return std::nullopt;
        } else {
            out += c;
        }
    }
    if (!is_clean_utf8(out)) return std::nullopt;
    return out;
}

std::string xtext_encode(std::string_view text) {
    std::string out;
    for (const char c : escape_unicode(text)) {
        if (is_graphic(c) && c != '+' && c != '=') {
            out += c;
        } else {
            out += fmt::format("+{:02X}", static_cast<unsigned char>(c));
        }
    }
    return out;
}

std::string escape_unicode(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        const auto next = first_code_point(text);
        if (!next) {
            out += '?';
        } else if (next->value < 0x80) {
            out += text.front();
        } else {
            out += fmt::format("\\x{{{:02X}}}", static_cast<std::uint32_t>(next->value));
        }
        text.remove_prefix(next ? next->octets : 1);
    }
    return out;
}

std::string unescape_unicode(std::string_view text) {
    constexpr std::string_view begin = "\\x{";
    constexpr std::size_t most_digits = 6;
    std::string out;
    for (;;) {
        const auto at = text.find(begin);
        out += text.substr(0, at);
        if (at == text.npos) return out;
        text.remove_prefix(at + begin.size());
        const auto end = text.substr(0, most_digits + 1).find('}');
        const auto c = end == text.npos ? std::nullopt : parse_code_point(text.substr(0, end));
        out += c ? utf8(*c) : std::string(begin);
        if (c) text.remove_prefix(end + 1);
    }
}

}  // namespace outpost::mail
