// SPDX-License-Identifier: Apache-2.0
#include "core/foundation/base/safe_text.hpp"

#include <algorithm>

#include "core/foundation/base/encoding.hpp"

namespace outpost {
namespace {

std::size_t sequence_length(unsigned char lead) noexcept {
    if (lead < 0x80) return 1;
    if (lead < 0xe0) return 2;
    return lead < 0xf0 ? 3 : 4;
}

}  // namespace

std::optional<CodePoint> first_code_point(std::string_view text) noexcept {
    if (text.empty()) return std::nullopt;
    const auto lead = static_cast<unsigned char>(text.front());
    const std::size_t octets = sequence_length(lead);
    if (text.size() < octets || !is_utf8(text.substr(0, octets))) return std::nullopt;
    if (octets == 1) return CodePoint{lead, 1};
    char32_t value = lead & (0xffu >> (octets + 1));
    for (const char c : text.substr(1, octets - 1)) {
        value = value << 6 | (static_cast<unsigned char>(c) & 0x3f);
    }
    return CodePoint{value, octets};
}

bool is_clean_utf8(std::string_view text) noexcept {
    while (!text.empty()) {
        const auto next = first_code_point(text);
        if (!next || is_control(next->value)) return false;
        text.remove_prefix(next->octets);
    }
    return true;
}

std::string safe_text(std::string_view text, Charset charset, std::size_t max_octets) {
    const auto is_plain = [](char c) { return c >= ' ' && c < 0x7f; };
    const auto plain = std::find_if_not(text.begin(), text.end(), is_plain) - text.begin();
    std::string out(text.substr(0, std::min(static_cast<std::size_t>(plain), max_octets)));
    text.remove_prefix(out.size());
    while (!text.empty()) {
        const auto next = first_code_point(text);
        const std::size_t octets = next ? next->octets : 1;
        if (out.size() + octets > max_octets) break;
        const bool fits =
            next && !is_control(next->value) && (charset == Charset::utf8 || next->value < 0x80);
        if (fits) {
            out += text.substr(0, octets);
        } else {
            out += text.front() == '\t' ? ' ' : '?';
        }
        text.remove_prefix(octets);
    }
    return out;
}

}  // namespace outpost
