// SPDX-License-Identifier: Apache-2.0
#include "core/delivery/plugin/sdk/options.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <charconv>

#include "core/foundation/base/encoding.hpp"

namespace outpost::plugin {
namespace {

std::optional<std::int64_t> parse_number(std::string_view text) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

std::optional<std::int64_t> parse_seconds(std::string_view text) {
    std::int64_t unit = 1;
    if (text.ends_with('h')) unit = 3600;
    if (text.ends_with('m')) unit = 60;
    if (text.ends_with('h') || text.ends_with('m') || text.ends_with('s')) text.remove_suffix(1);
    const auto count = parse_number(text);
    constexpr std::int64_t most = 1'000'000'000;
    if (!count || *count < 0 || *count > most) return std::nullopt;
    return *count * unit;
}

}  // namespace

const std::string* OptionReader::find(std::string_view key) {
    known_.emplace(key);
    for (const auto& [name, value] : options_) {
        if (name == key) return &value;
    }
    return nullptr;
}

std::string OptionReader::text(std::string_view key, std::string fallback) {
    const std::string* value = find(key);
    return value ? *value : std::move(fallback);
}

std::int64_t OptionReader::number(
    std::string_view key, std::int64_t fallback, std::int64_t least, std::int64_t most
) {
    const std::string* value = find(key);
    if (!value) return fallback;
    const auto number = parse_number(*value);
    if (number && *number >= least && *number <= most) return *number;
    complain(fmt::format("'{}' is a number from {} to {}", key, least, most));
    return fallback;
}

bool OptionReader::truth(std::string_view key, bool fallback) {
    const std::string* value = find(key);
    if (!value) return fallback;
    if (iequals(*value, "true") || iequals(*value, "yes")) return true;
    if (iequals(*value, "false") || iequals(*value, "no")) return false;
    complain(fmt::format("'{}' is true or false", key));
    return fallback;
}

std::chrono::seconds OptionReader::span(
    std::string_view key, std::chrono::seconds fallback, std::chrono::seconds most
) {
    const std::string* value = find(key);
    if (!value) return fallback;
    const auto seconds = parse_seconds(*value);
    if (seconds && *seconds > 0 && *seconds <= most.count()) return std::chrono::seconds(*seconds);
    complain(fmt::format("'{}' is a time such as 30s or 5m, up to {}s", key, most.count()));
    return fallback;
}

void OptionReader::complain(std::string sentence) {
    if (!problems_.empty()) problems_ += "; ";
    problems_ += sentence;
}

std::optional<std::string> OptionReader::problems() {
    for (const auto& [name, value] : options_) {
        if (known_.contains(name)) continue;
        complain(fmt::format("unknown option '{}' (known are {})", name, fmt::join(known_, ", ")));
    }
    if (problems_.empty()) return std::nullopt;
    return problems_;
}

}  // namespace outpost::plugin
