// SPDX-License-Identifier: Apache-2.0
#include "core/foundation/config/schema.hpp"

#include <fmt/format.h>

#include <charconv>
#include <nlohmann/json.hpp>

#include "core/foundation/base/encoding.hpp"

namespace outpost::config {
namespace {

Json scalar_to_json(const Node& node) {
    switch (meaning(node)) {
        case Meaning::null:
            return nullptr;
        case Meaning::boolean:
            return to_lower(node.text) == "true";
        case Meaning::text:
            return node.text;
        case Meaning::integer:
        case Meaning::number:
            break;
    }
    const std::string_view digits =
        std::string_view(node.text).substr(node.text.front() == '+' ? 1 : 0);
    std::int64_t whole = 0;
    if (meaning(node) == Meaning::integer &&
        std::from_chars(digits.data(), digits.data() + digits.size(), whole).ec == std::errc()) {
        return whole;
    }
    double value = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return value;
}

/// Text that YAML takes for text without quotes, in any position.
bool needs_no_quotes(const std::string& text) {
    Node node;
    node.kind = Node::Kind::scalar;
    node.text = text;
    if (meaning(node) != Meaning::text) return false;
    const auto plain = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '_' || c == '.' || c == '/';
    };
    return plain(text.front()) && std::all_of(text.begin(), text.end(), [&](char c) {
               return plain(c) || c == '-' || c == '@' || c == '+';
           });
}

std::string scalar_to_yaml(const Json& value) {
    const bool plain = value.is_string() && needs_no_quotes(value.get<std::string>());
    return plain ? value.get<std::string>()
                 : value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

void write_yaml(const Json& value, int indent, std::string& out);

void write_entry(const Json& value, int indent, std::string& out) {
    if (value.is_structured() && !value.empty()) {
        out += '\n';
        write_yaml(value, indent + 2, out);
    } else {
        out += " " + (value.is_structured() ? value.dump() : scalar_to_yaml(value)) + "\n";
    }
}

void write_yaml(const Json& value, int indent, std::string& out) {
    const std::string margin(static_cast<std::size_t>(indent), ' ');
    if (value.is_object()) {
        for (const auto& [key, each] : value.items()) {
            out += margin + scalar_to_yaml(key) + ":";
            write_entry(each, indent, out);
        }
    } else if (value.is_array()) {
        for (const Json& each : value) {
            out += margin + "-";
            write_entry(each, indent, out);
        }
    } else {
        out += margin + scalar_to_yaml(value) + "\n";
    }
}

}  // namespace

Json schema_document(const AnyType& type, std::string_view title) {
    Json document = {{"$schema", "https://json-schema.org/draft/2020-12/schema"}, {"title", title}};
    document.update(*type.schema().self);
    document["$defs"] = *type.schema().definitions;
    return document;
}

std::string schema_text(const AnyType& type, std::string_view title) {
    return schema_document(type, title).dump(2) + "\n";
}

void merge_definitions(Json& into, const Json& from) {
    for (const auto& [name, schema] : from.items())
        into[name] = schema;
}

std::string to_yaml(const Json& value) {
    std::string out;
    write_yaml(value, 0, out);
    return out;
}

std::string to_yaml(const AnyType& type, const void* value) {
    Json shown;
    type.kind().show(value, shown);
    return to_yaml(shown);
}

Json to_json(const Node& node) {
    switch (node.kind) {
        case Node::Kind::null:
            return nullptr;
        case Node::Kind::scalar:
            return scalar_to_json(node);
        case Node::Kind::list: {
            Json out = Json::array();
            for (const Node::Entry& entry : node.entries)
                out.push_back(to_json(entry.value));
            return out;
        }
        case Node::Kind::map:
            break;
    }
    Json out = Json::object();
    for (const Node::Entry& entry : node.entries)
        out[entry.key] = to_json(entry.value);
    return out;
}

}  // namespace outpost::config
