// SPDX-License-Identifier: Apache-2.0
#include "core/foundation/config/collections.hpp"

namespace outpost::config {
namespace {

bool is_name_character(char c) noexcept {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    return letter || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.' || c == '@' ||
           c == '+';
}

Type<std::string> any_scalar() {
    Type<std::string> type;
    type.schema = {{"type", {"string", "number", "boolean"}}};
    type.read = [](Reader& reader, const Node& node, std::string& value) {
        if (node.kind != Node::Kind::scalar)
            return reader.expected("text, a number or a truth value", node);
        value = node.text;
    };
    type.show = [](const std::string&) {
        return Json("(hidden)");
    };  // may be secret: only the plugin knows
    return type;
}

}  // namespace

bool is_plain_name(std::string_view name) noexcept {
    return !name.empty() && name.size() <= 200 &&
           std::all_of(name.begin(), name.end(), is_name_character);
}

KeyRule plain_names() {
    return [](std::string_view key) -> Result<std::string> {
        if (is_plain_name(key)) return std::string(key);
        return Err{std::string("a name here consists of letters, digits and . _ - + @")};
    };
}

Type<std::map<std::string, std::string>> free_options() {
    return map_of(any_scalar());
}

}  // namespace outpost::config
