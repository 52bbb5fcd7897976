// SPDX-License-Identifier: Apache-2.0
#include "core/net/dns/zone_line.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/net/dns/type_name.hpp"

namespace outpost::dns {
namespace {

constexpr std::size_t longest_string = 255;

std::string quoted(std::string_view string) {
    std::string out = "\"";
    for (const char c : string) {
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    return out + "\"";
}

std::string in_strings(std::string_view text) {
    if (text.size() <= longest_string) return quoted(text);
    std::string out = "(";
    for (; !text.empty(); text.remove_prefix(std::min(text.size(), longest_string)))
        out += "\n    " + quoted(text.substr(0, longest_string));
    return out + " )";
}

}  // namespace

std::string zone_line(std::string_view name, Type type, std::string_view value) {
    const auto data = type == Type::txt ? in_strings(value) : std::string(value);
    return fmt::format("{}. IN {} {}", name, text(type), data);
}

}  // namespace outpost::dns
