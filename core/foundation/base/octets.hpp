// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace outpost {

/// The first octet of `text` that satisfies `wanted`, all of which lie below 14 (NUL, LF and CR
/// do); npos when there is none. Eight octets a step: content is looked at several times on its
/// way.
template <class Wanted>
std::size_t find_low_octet(std::string_view text, Wanted wanted) noexcept {
    constexpr std::uint64_t each = 0x0101010101010101, high = 0x80 * each;
    std::size_t at = 0;
    for (;;) {
        // The high bit of an octet is set in `low` if it lies below 14; above the lowest such octet
        // there may be false alarms, which the exact look sorts out.
        for (std::uint64_t eight; at + sizeof eight <= text.size(); at += sizeof eight) {
            std::memcpy(&eight, text.data() + at, sizeof eight);
            const std::uint64_t low = (eight - 14 * each) & ~eight & high;
            if (low != 0) break;
        }
        const std::size_t end = at + sizeof each < text.size() ? at + sizeof each : text.size();
        for (; at < end; ++at) {
            if (wanted(text[at])) return at;
        }
        if (at == text.size()) return std::string_view::npos;
    }
}

/// The first CR or LF.
inline std::size_t find_line_end(std::string_view text) noexcept {
    return find_low_octet(text, [](char c) { return c == '\r' || c == '\n'; });
}

/// The first CR, LF or NUL.
inline std::size_t find_line_end_or_nul(std::string_view text) noexcept {
    return find_low_octet(text, [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
}

}  // namespace outpost
