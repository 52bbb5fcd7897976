// SPDX-License-Identifier: Apache-2.0
#include "core/mail/message/header.hpp"

#include <algorithm>

#include "core/foundation/base/encoding.hpp"

namespace outpost::mail {
namespace {

constexpr bool is_blank(char c) noexcept {
    return c == ' ' || c == '\t';
}

/// The next line with its end, taken off `rest`.
std::string_view take_line(std::string_view& rest) {
    const auto end = rest.find('\n');
    const auto line = rest.substr(0, end == rest.npos ? end : end + 1);
    rest.remove_prefix(line.size());
    return line;
}

std::string_view without_line_end(std::string_view line) {
    if (line.ends_with('\n')) line.remove_suffix(1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
}

std::string_view field_name(std::string_view line) {
    const auto colon = line.find(':');
    if (colon == std::string_view::npos || is_blank(line.front())) return {};
    const auto name = trim(line.substr(0, colon));
    const bool valid =
        std::all_of(name.begin(), name.end(), [](char c) { return c > ' ' && c < 0x7f; });
    return valid ? name : std::string_view();
}

/// The next field or unreadable line with its continuations, taken off `rest`; empty at the end.
std::string_view take_field(std::string_view& rest) {
    const char* begin = rest.data();
    const auto first = take_line(rest);
    if (without_line_end(first).empty()) return {};
    std::size_t size = first.size();
    while (!rest.empty() && is_blank(rest.front()))
        size += take_line(rest).size();
    return {begin, size};
}

}  // namespace

std::string HeaderField::value() const {
    std::string out;
    for (const char c : raw_value) {
        if (c != '\r' && c != '\n') out += c;
    }
    return std::string(trim(out));
}

std::vector<HeaderField> parse_header(std::string_view section) {
    std::vector<HeaderField> fields;
    while (!section.empty()) {
        const auto whole = take_field(section);
        if (whole.empty()) break;
        const auto name = field_name(whole);
        if (name.empty()) continue;
        fields.push_back({name, without_line_end(whole.substr(whole.find(':') + 1)), whole});
    }
    return fields;
}

std::optional<HeaderField> find_field(std::string_view section, std::string_view name) {
    for (const auto& field : parse_header(section)) {
        if (iequals(field.name, name)) return field;
    }
    return std::nullopt;
}

std::size_t count_fields(std::string_view section, std::string_view name) {
    const auto fields = parse_header(section);
    return static_cast<std::size_t>(std::count_if(
        fields.begin(), fields.end(), [&](const auto& field) { return iequals(field.name, name); }
    ));
}

std::string without_fields(std::string_view section, const std::vector<std::string_view>& names) {
    std::string out;
    out.reserve(section.size());
    const char* kept_until = section.data();
    for (const auto& field : parse_header(section)) {
        const bool drop = std::any_of(names.begin(), names.end(), [&](auto name) {
            return iequals(field.name, name);
        });
        if (!drop) continue;
        out.append(kept_until, field.whole.data());
        kept_until = field.whole.data() + field.whole.size();
    }
    out.append(kept_until, section.data() + section.size());
    return out;
}

}  // namespace outpost::mail
