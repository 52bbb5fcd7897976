// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace outpost::config {

/// A place in the file, in lines and characters counted from 1. Zero: nowhere in particular.
struct Position {
    int line = 0, column = 0;
    bool operator==(const Position&) const = default;
};

/// A value of the file with its place in it. Scalars stay text: what they mean is up to the type
/// that reads them.
struct Node {
    enum class Kind { null, scalar, list, map };
    struct Entry;

    Kind kind = Kind::null;
    Position at;
    std::string text;  ///< of a scalar
    bool quoted =
        false;  ///< a scalar in quotes (or a block scalar) is text, whatever it looks like
    std::vector<Entry> entries;  ///< of a list (keys are empty) or a map, in the order of the file

    /// The value of a key of a map; null when there is none.
    const Node* find(std::string_view key) const noexcept;
};

struct Node::Entry {
    std::string key;
    Position key_at;
    Node value;
};

/// What a plain scalar means in the core schema of YAML 1.2 (section 10.3.2).
enum class Meaning { text, null, boolean, integer, number };
Meaning meaning(const Node& scalar) noexcept;

/// Text from the file for use in a message: in single quotes, cut when long, controls escaped.
std::string in_quotes(std::string_view text);
/// How to speak of a value in a message: "the text 'abc'", "a list". Long values are cut.
std::string describe(const Node& node);

}  // namespace outpost::config
