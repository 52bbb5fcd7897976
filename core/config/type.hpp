// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
#include <nlohmann/json.hpp>

#include "core/config/reader.hpp"

namespace outpost::config {

/// Keeps keys in the order in which they were described.
using Json = nlohmann::ordered_json;

/// Everything the program knows of one kind of value: the single source for reading it, for the JSON
/// Schema, for the reference page and for showing values in effect.
template <class T>
struct Type {
    /// JSON Schema (draft 2020-12). "title" is what people call the type, as in the reference page.
    Json schema;
    /// Named schemas that `schema` refers to as "#/$defs/NAME".
    Json definitions = Json::object();
    /// Sets the value, or reports what is wrong and leaves it.
    std::function<void(Reader&, const Node&, T&)> read;
    /// The value as it would be written; null when there is none. Secrets stay hidden.
    std::function<Json(const T&)> show;
};

/// Adds the definitions that `from` brings along.
inline void merge_definitions(Json& into, const Json& from) {
    for (const auto& [name, schema] : from.items()) into[name] = schema;
}

}  // namespace outpost::config
