// SPDX-License-Identifier: Apache-2.0
#include "core/foundation/config/path.hpp"

#include <fmt/format.h>

#include "core/foundation/base/log.hpp"

namespace outpost::config {
namespace {

const Node* descend(const Node& node, const Step& step) {
    if (const auto* key = std::get_if<std::string>(&step)) return node.find(*key);
    const std::size_t index = std::get<std::size_t>(step);
    if (node.kind == Node::Kind::list)
        return index < node.entries.size() ? &node.entries[index].value : nullptr;
    return index == 0 ? &node : nullptr;  // a single value stands for a list of one
}

}  // namespace

std::string text(const Path& path) {
    std::string out;
    for (const Step& step : path) {
        if (const auto* key = std::get_if<std::string>(&step)) {
            if (!out.empty()) out += '.';
            out += log::printable(key->substr(0, 100));
        } else {
            out += fmt::format("[{}]", std::get<std::size_t>(step) + 1);
        }
    }
    return out;
}

Position find_position(const Node& root, const Path& path) {
    const Node* node = &root;
    for (const Step& step : path) {
        const Node* next = descend(*node, step);
        if (!next) break;
        node = next;
    }
    return node->at;
}

}  // namespace outpost::config
