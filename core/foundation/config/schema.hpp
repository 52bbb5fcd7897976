// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "core/foundation/config/type.hpp"

/// What the descriptions of the settings give besides reading: a schema for editors, a page for
/// people, and the values in effect.
namespace outpost::config {

/// A whole JSON Schema document (draft 2020-12) for a root type.
Json schema_document(const AnyType& type, std::string_view title);
/// The same as text.
std::string schema_text(const AnyType& type, std::string_view title);

/// The key reference as Markdown, from such a document: one table for each object.
std::string reference_page(const AnyType& type, const std::string& introduction);

/// Values as YAML text.
std::string to_yaml(const Json& value);
/// A value as YAML text, secrets hidden.
std::string to_yaml(const AnyType& type, const void* value);
template <class T>
std::string to_yaml(const Type<T>& type, const T& value) {
    return to_yaml(type, static_cast<const void*>(&value));
}

/// Adds the definitions that `from` brings along.
void merge_definitions(Json& into, const Json& from);

/// The tree as JSON, read by the core schema of YAML 1.2: what a schema validator is to see.
Json to_json(const Node& node);

}  // namespace outpost::config
