// SPDX-License-Identifier: Apache-2.0
#include "policies/mta_sts/record.hpp"

#include <algorithm>
#include <optional>

namespace outpost::mta_sts {
namespace {

constexpr std::string_view version = "v=STSv1";
constexpr std::size_t longest_name = 32, longest_id = 32;

constexpr bool is_alphanumeric(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/// Visible ASCII except the two separators.
constexpr bool is_value_char(char c) noexcept {
    return c > ' ' && c <= '~' && c != '=' && c != ';';
}

std::string_view without_blanks(std::string_view text) noexcept {
    constexpr std::string_view blanks = " \t";
    const auto first = text.find_first_not_of(blanks);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

/// What follows the version and its semicolon; none when the record is of another kind.
std::optional<std::string_view> fields_of(std::string_view text) noexcept {
    if (!text.starts_with(version)) return std::nullopt;
    text = without_blanks(text.substr(version.size()));
    if (!text.starts_with(';')) return std::nullopt;
    return text.substr(1);
}

bool is_id(std::string_view text) noexcept {
    return !text.empty() && text.size() <= longest_id &&
           std::all_of(text.begin(), text.end(), is_alphanumeric);
}

/// Of fields that occur twice the first counts; the others need not even be well-formed.
std::optional<std::string> id_in(std::string_view fields) {
    std::optional<std::string> id;
    for (bool last = false; !last;) {
        const auto end = fields.find(';');
        last = end == std::string_view::npos;
        const std::string_view field = without_blanks(fields.substr(0, end));
        if (!last) fields.remove_prefix(end + 1);
        if (field.empty()) {
            if (last) break;  // a semicolon may end the record
            return std::nullopt;
        }
        const auto equals = field.find('=');
        if (equals == std::string_view::npos) return std::nullopt;
        const std::string_view name = field.substr(0, equals), value = field.substr(equals + 1);
        if (name == "id") {
            if (!id && !is_id(value)) return std::nullopt;
            if (!id) id = value;
        } else if (!is_field_name(name) || value.empty() ||
                   !std::all_of(value.begin(), value.end(), is_value_char)) {
            return std::nullopt;
        }
    }
    return id;
}

}  // namespace

bool is_field_name(std::string_view text) noexcept {
    const auto fits = [](char c) { return is_alphanumeric(c) || c == '_' || c == '-' || c == '.'; };
    return !text.empty() && text.size() <= longest_name && is_alphanumeric(text.front()) &&
           std::all_of(text.begin(), text.end(), fits);
}

Result<std::string, RecordFault> parse_records(const std::vector<std::string>& texts) {
    std::optional<std::string_view> only;
    for (const std::string& text : texts) {
        const auto fields = fields_of(text);
        if (!fields) continue;
        if (only) return Err{RecordFault::several};
        only = fields;
    }
    if (!only) return Err{RecordFault::none};
    auto id = id_in(*only);
    if (!id) return Err{RecordFault::broken};
    return std::move(*id);
}

}  // namespace outpost::mta_sts
