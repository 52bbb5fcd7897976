// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <fmt/format.h>

#include <string>
#include <string_view>

/// The log: one line an event, to standard error. Control characters in a message are escaped, so
/// that remote text can neither forge a line nor drive a terminal. Thread-safe.
namespace outpost::log {

enum class Level { debug, info, warning, error };

/// Writes one line. `component` is a short name ("smtp.server", "dispatch").
void write(Level level, std::string_view component, std::string_view text);
/// Drops lines below this level. The default is info.
void set_level(Level level);
bool enabled(Level level) noexcept;
/// Escapes control characters (\n, \x1b, DEL, those of C1), line separators, and octets that are no
/// UTF-8; other UTF-8 stays as it is.
std::string printable(std::string_view text);

template <class... Args>
void debug(std::string_view component, fmt::format_string<Args...> format, Args&&... args) {
    if (enabled(Level::debug))
        write(Level::debug, component, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void info(std::string_view component, fmt::format_string<Args...> format, Args&&... args) {
    if (enabled(Level::info))
        write(Level::info, component, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void warning(std::string_view component, fmt::format_string<Args...> format, Args&&... args) {
    write(Level::warning, component, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void error(std::string_view component, fmt::format_string<Args...> format, Args&&... args) {
    write(Level::error, component, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace outpost::log
