// SPDX-License-Identifier: Apache-2.0
// The reference page, made from the JSON Schema: whatever the schema knows, the page says.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <nlohmann/json.hpp>
#include <set>

#include "core/foundation/config/schema.hpp"

namespace outpost::config {
namespace {

std::string definition_of(const Json& schema) {
    const std::string reference = schema.value("$ref", "");
    return reference.substr(reference.rfind('/') + 1);
}

std::string in_cell(std::string text) {
    std::string out;
    for (const char c : text)
        out += c == '|' ? "\\|" : std::string(1, c);
    return out;
}

std::string bounds(const Json& schema) {
    if (schema.contains("minimum") && schema.contains("maximum")) {
        return fmt::format(", {} to {}", schema["minimum"].dump(), schema["maximum"].dump());
    }
    return schema.contains("minimum") ? fmt::format(", at least {}", schema["minimum"].dump()) : "";
}

std::string anchor(const std::string& name) {
    std::string out;
    for (const char c : name) {
        if (c != ' ') out += c;
    }
    return out;
}

/// What people call a type: "list of path", "duration", "`a`, `b`". An anyOf without a title is
/// what list_of makes: a single value or a list of them.
std::string type_name(const Json& schema) {
    if (schema.contains("$ref"))
        return fmt::format("[{0}](#{1})", definition_of(schema), anchor(definition_of(schema)));
    if (schema.contains("title")) return schema["title"];
    if (schema.contains("const")) return fmt::format("`{}`", schema["const"].get<std::string>());
    if (schema.contains("enum")) {
        std::vector<std::string> names;
        for (const Json& name : schema["enum"])
            names.push_back("`" + name.get<std::string>() + "`");
        return fmt::format("{}", fmt::join(names, ", "));
    }
    if (schema.contains("anyOf")) return type_name(schema["anyOf"][0]) + "; one or a list";
    if (schema.contains("items")) return "list of " + type_name(schema["items"]);
    if (schema.contains("additionalProperties") && schema["additionalProperties"].is_object()) {
        return "names to " + type_name(schema["additionalProperties"]);
    }
    const Json& type = schema["type"];
    if (type.is_array()) return "text, number or truth value";
    const std::string name = type;
    if (name == "boolean") return "`true`, `false`";
    if (name == "integer") return "whole number" + bounds(schema);
    return name + bounds(schema);
}

std::string default_text(const Json& schema, bool required) {
    if (required) return "**required**";
    if (!schema.contains("default")) return "";
    const Json& value = schema["default"];
    return "`" + (value.is_string() ? value.get<std::string>() : value.dump()) + "`";
}

void write_table(const Json& object, std::string& out) {
    std::set<std::string> required;
    for (const Json& key : object.value("required", Json::array()))
        required.insert(key.get<std::string>());
    out += "| key | type | default | meaning |\n|---|---|---|---|\n";
    for (const auto& [key, schema] : object["properties"].items()) {
        out += fmt::format(
            "| `{}` | {} | {} | {} |\n", key, in_cell(type_name(schema)),
            in_cell(default_text(schema, required.contains(key))),
            in_cell(schema.value("description", ""))
        );
    }
}

void write_definition_body(const Json& definition, std::string& out) {
    out += definition.value("description", "") + "\n\n";
    if (definition.contains("properties")) {
        write_table(definition, out);
        out += "\n";
        return;
    }
    std::vector<std::string> branches;
    for (const Json& branch : definition["oneOf"])
        branches.push_back(type_name(branch));
    out += fmt::format("One of: {}.\n\n", fmt::join(branches, ", "));
}

/// Calls `visit` with the name of each definition that a schema refers to, in the order of its
/// keys.
template <class Visit>
void each_reference(const Json& schema, const Visit& visit) {
    if (schema.is_object() && schema.contains("$ref")) visit(definition_of(schema));
    if (!schema.is_structured()) return;
    for (const Json& part : schema)
        each_reference(part, visit);
}

void write_object(
    const Json& document, const std::string& name, std::set<std::string>& written, std::string& out
) {
    if (!written.insert(name).second) return;
    const Json& definition = document["$defs"][name];
    out += fmt::format("## {}\n\n", name);
    write_definition_body(definition, out);
    each_reference(definition, [&](const std::string& next) {
        write_object(document, next, written, out);
    });
}

}  // namespace

std::string reference_page(const AnyType& type, const std::string& introduction) {
    const Json document = schema_document(type, "");
    std::string out = introduction;
    std::set<std::string> written;
    write_object(document, definition_of(document), written, out);
    return out;
}

}  // namespace outpost::config
