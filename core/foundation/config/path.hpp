// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <string>
#include <variant>
#include <vector>

#include "core/foundation/config/node.hpp"

namespace outpost::config {

/// The way from the root of the file to a value: keys of maps and indexes of lists (from 0).
using Step = std::variant<std::string, std::size_t>;
using Path = std::vector<Step>;

/// For people: "transports.relay.port", "routes[2].to". Items count from 1, as route traces do.
std::string text(const Path& path);
/// The place of that value, or of its nearest ancestor that the file has.
Position find_position(const Node& root, const Path& path);

}  // namespace outpost::config
