// SPDX-License-Identifier: Apache-2.0
#include "core/mail/xtext.hpp"

#include <fmt/format.h>

#include "core/base/encoding.hpp"
#include "core/mail/safe_text.hpp"

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

}  // namespace outpost::mail
