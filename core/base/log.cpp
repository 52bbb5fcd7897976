// SPDX-License-Identifier: Apache-2.0
#include "core/base/log.hpp"

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <atomic>

namespace outpost::log {
namespace {

std::atomic<Level> threshold{Level::info};

spdlog::level::level_enum to_spdlog(Level level) {
    switch (level) {
        case Level::debug: return spdlog::level::debug;
        case Level::info: return spdlog::level::info;
        case Level::warning: return spdlog::level::warn;
        case Level::error: return spdlog::level::err;
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

}  // namespace

std::string printable(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (const unsigned char c : text) {
        if (c < 0x20 || c == 0x7f) {
            out += fmt::format("\\x{:02x}", c);
        } else {
            out += static_cast<char>(c);
        }
    }
    return out;
}

void write(Level level, std::string_view component, std::string_view text) {
    if (!enabled(level)) return;
    logger().log(to_spdlog(level), "{}: {}", component, printable(text));
}

void set_level(Level level) { threshold = level; }
bool enabled(Level level) noexcept { return level >= threshold.load(std::memory_order_relaxed); }

}  // namespace outpost::log
