// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "core/foundation/config/type.hpp"
#include "core/foundation/config/yaml.hpp"

namespace outpost::config {

/// A text read as a T, with what was found wrong.
template <class T>
struct Reading {
    T value{};
    Problems problems;
    /// Headlines, one a line.
    std::string said() const {
        std::string out;
        for (const Problem& problem : problems.list())
            out += problem.headline() + "\n";
        return out;
    }
};

template <class T>
Reading<T> read_as(
    const Type<T>& type, const std::string& text,
    Environment environment = Environment::assumed("/etc/outpost")
) {
    Reading<T> reading;
    Source source("t.yaml", text);
    const Node root = parse_yaml(source, reading.problems);
    Reader reader(source, environment, reading.problems);
    if (!reading.problems.has_errors()) type.read(reader, root, reading.value);
    reading.problems.finish(source);
    return reading;
}

}  // namespace outpost::config
