// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>

#include "core/foundation/config/source.hpp"

namespace outpost::config {

/// Bounds on what a file may make of us.
struct YamlLimits {
    std::size_t octets = 4 * 1024 * 1024;
    std::size_t nodes = 200'000;  ///< values, counting each use of an alias anew ("billion laughs")
    std::size_t depth = 50;
};

/// Reads YAML 1.2 text into a tree with positions. What is wrong (syntax, duplicate keys, unknown
/// tags, a second document) goes to `problems`; after a syntax error the tree is what came before
/// it. Any octets will do as input.
Node parse_yaml(const Source& source, Problems& problems, const YamlLimits& limits = {});

}  // namespace outpost::config
