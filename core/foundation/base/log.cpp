// SPDX-License-Identifier: Apache-2.0
#include "core/foundation/base/log.hpp"

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <atomic>

#include "core/foundation/base/encoding.hpp"

namespace outpost::log {
namespace {

std::atomic<Level> threshold{Level::info};

spdlog::level::level_enum to_spdlog(Level level) {
    switch (level) {
        case Level::debug:
            return spdlog::level::debug;
        case Level::info:
            return spdlog::level::info;
        case Level::warning:
            return spdlog::level::warn;
        case Level::error:
            return spdlog::level::err;
    }
    return spdlog::level::info;
}

spdlog::logger& logger() {
    static const auto instance = [] {
        auto made = spdlog::stderr_color_mt("outpost");
        made->set_level(spdlog::level::debug);  // our own threshold decides
        made->set_pattern("%Y-%m-%dT%H:%M:%S.%e %^%L%$ %v");
        return made;
    }();
    return *instance;
}

/// The length of the character at the beginning of `text`; 0 for what acts on a terminal or ends a
/// line somewhere (C0, DEL, C1, U+2028, U+2029), and for what is no UTF-8.
std::size_t harmless_character(std::string_view text) {
    const auto lead = static_cast<unsigned char>(text.front());
    if (lead < 0x80) return lead < 0x20 || lead == 0x7f ? 0 : 1;
    const std::size_t octets = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    const auto character = text.substr(0, octets);
    if (character.size() < octets || !is_utf8(character)) return 0;
    const bool c1 = lead == 0xc2 && static_cast<unsigned char>(text[1]) < 0xa0;
    const bool separator = character == "\xe2\x80\xa8" || character == "\xe2\x80\xa9";
    return c1 || separator ? 0 : octets;
}

}  // namespace

std::string printable(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    while (!text.empty()) {
        const std::size_t octets = harmless_character(text);
        if (octets == 0) out += fmt::format("\\x{:02x}", static_cast<unsigned char>(text.front()));
        out += text.substr(0, octets);
        text.remove_prefix(octets == 0 ? 1 : octets);
    }
    return out;
}

void write(Level level, std::string_view component, std::string_view text) {
    if (!enabled(level)) return;
    logger().log(to_spdlog(level), "{}: {}", component, printable(text));
}

void set_level(Level level) {
    threshold = level;
}
bool enabled(Level level) noexcept {
    return level >= threshold.load(std::memory_order_relaxed);
}

}  // namespace outpost::log
