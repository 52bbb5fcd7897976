// SPDX-License-Identifier: Apache-2.0
#include "core/mail/authentication/dkim/tags.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/foundation/base/safe_text.hpp"

namespace outpost::dkim {
namespace {

constexpr std::size_t most_tags = 64;

constexpr bool is_space(char c) noexcept {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}
constexpr bool is_letter(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
constexpr bool is_name_octet(char c) noexcept {
    return is_letter(c) || (c >= '0' && c <= '9') || c == '_';
}

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && is_space(text.front()))
        text.remove_prefix(1);
    while (!text.empty() && is_space(text.back()))
        text.remove_suffix(1);
    return text;
}

bool is_name(std::string_view text) {
    return !text.empty() && is_letter(text.front()) &&
           std::all_of(text.begin(), text.end(), is_name_octet);
}

// Octets above 127 are UTF-8 (RFC 8616); whether they are well-formed is seen where they are used.
bool is_value(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) {
        return is_space(c) || (static_cast<unsigned char>(c) > ' ' && c != 0x7f);
    });
}

}  // namespace

Result<TagList> TagList::parse(std::string_view text) {
    TagList list;
    for (std::size_t begin = 0; begin <= text.size();) {
        const std::size_t end = std::min(text.find(';', begin), text.size());
        const auto spec = text.substr(begin, end - begin);
        const bool last = end == text.size();
        if (last && trimmed(spec).empty() && !list.tags_.empty()) break;  // behind the last ';'
        const auto equals = spec.find('=');
        const auto name = trimmed(spec.substr(0, equals));
        if (equals == spec.npos || !is_name(name)) {
            return Err{fmt::format("\"{}\" is no tag", safe_text(trimmed(spec), Charset::utf8, 40))
            };
        }
        if (list.find(name) != nullptr)
            return Err{fmt::format("the tag {} occurs twice", name.substr(0, 40))};
        if (!is_value(spec.substr(equals + 1)))
            return Err{fmt::format("the tag {} has control characters", name.substr(0, 40))};
        if (list.tags_.size() == most_tags) return Err{std::string("there are too many tags")};
        list.tags_.push_back({name, trimmed(spec.substr(equals + 1)), begin + equals + 1, end});
        begin = end + 1;
    }
    return list;
}

const TagList::Tag* TagList::find(std::string_view name) const noexcept {
    const auto found =
        std::find_if(tags_.begin(), tags_.end(), [&](const Tag& tag) { return tag.name == name; });
    return found == tags_.end() ? nullptr : &*found;
}

std::string_view TagList::value_or(std::string_view name, std::string_view missing) const noexcept {
    const Tag* tag = find(name);
    return tag == nullptr ? missing : tag->value;
}

std::string without_space(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    std::copy_if(text.begin(), text.end(), std::back_inserter(out), [](char c) {
        return !is_space(c);
    });
    return out;
}

std::vector<std::string_view> split_at_colons(std::string_view text) {
    std::vector<std::string_view> parts;
    for (;;) {
        const auto colon = text.find(':');
        parts.push_back(trimmed(text.substr(0, colon)));
        if (colon == text.npos) return parts;
        text.remove_prefix(colon + 1);
    }
}

}  // namespace outpost::dkim
