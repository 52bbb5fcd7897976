// SPDX-License-Identifier: Apache-2.0
#include "core/foundation/config/node.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/foundation/base/log.hpp"

namespace outpost::config {
namespace {

constexpr std::size_t longest_shown = 60;

std::string shortened(std::string_view text) {
    if (text.size() <= longest_shown) return log::printable(text);
    std::size_t cut = longest_shown;
    while (cut > 0 && (static_cast<unsigned char>(text[cut]) & 0xC0) == 0x80)
        --cut;  // whole UTF-8 characters
    return log::printable(text.substr(0, cut)) + "...";
}

bool all_digits(std::string_view text) noexcept {
    return !text.empty() &&
           std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::string_view without_sign(std::string_view text) noexcept {
    if (!text.empty() && (text.front() == '-' || text.front() == '+')) text.remove_prefix(1);
    return text;
}

bool is_number(std::string_view text) noexcept {
    text = without_sign(text);
    const auto exponent = text.find_first_of("eE");
    if (exponent != text.npos) {
        if (!all_digits(without_sign(text.substr(exponent + 1)))) return false;
        text = text.substr(0, exponent);
    }
    const auto dot = text.find('.');
    if (dot == text.npos) return exponent != text.npos && all_digits(text);
    const std::string_view whole = text.substr(0, dot), part = text.substr(dot + 1);
    if (whole.empty()) return all_digits(part);
    return all_digits(whole) && (part.empty() || all_digits(part));
}

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> words) noexcept {
    return std::find(words.begin(), words.end(), text) != words.end();
}

}  // namespace

const Node* Node::find(std::string_view key) const noexcept {
    if (kind != Kind::map) return nullptr;
    for (const Entry& entry : entries) {
        if (entry.key == key) return &entry.value;
    }
    return nullptr;
}

Meaning meaning(const Node& scalar) noexcept {
    const std::string_view text = scalar.text;
    if (scalar.quoted) return Meaning::text;
    if (is_one_of(text, {"", "~", "null", "Null", "NULL"})) return Meaning::null;
    if (is_one_of(text, {"true", "True", "TRUE", "false", "False", "FALSE"}))
        return Meaning::boolean;
    if (all_digits(without_sign(text))) return Meaning::integer;
    if (is_number(text)) return Meaning::number;
    return Meaning::text;
}

std::string in_quotes(std::string_view text) {
    return "'" + shortened(text) + "'";
}

std::string describe(const Node& node) {
    switch (node.kind) {
        case Node::Kind::null:
            return "nothing";
        case Node::Kind::list:
            return "a list";
        case Node::Kind::map:
            return "a mapping";
        case Node::Kind::scalar:
            break;
    }
    const std::string shown = shortened(node.text);
    switch (meaning(node)) {
        case Meaning::null:
            return "nothing";
        case Meaning::boolean:
            return fmt::format("the truth value {}", shown);
        case Meaning::integer:
        case Meaning::number:
            return fmt::format("the number {}", shown);
        case Meaning::text:
            break;
    }
    return fmt::format("the text {}", in_quotes(node.text));
}

}  // namespace outpost::config
