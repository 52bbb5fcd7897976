// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "core/foundation/config/type.hpp"

/// What the descriptions of the settings give besides reading: a schema for editors, a page for
/// people, and the values in effect.
namespace outpost::config {

/// A whole JSON Schema document (draft 2020-12) for a root type.
Json schema_document(const Json& schema, const Json& definitions, std::string title);
template <class T>
Json schema_document(const Type<T>& type, std::string title) {
    return schema_document(type.schema, type.definitions, std::move(title));
}

/// The key reference as Markdown, from such a document: one table for each object.
std::string reference_page(const Json& document, const std::string& introduction);

/// Values as YAML text.
std::string to_yaml(const Json& value);

/// The tree as JSON, read by the core schema of YAML 1.2: what a schema validator is to see.
Json to_json(const Node& node);

}  // namespace outpost::config
