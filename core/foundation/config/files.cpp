// SPDX-License-Identifier: Apache-2.0
// Values that stand for something on the machine: paths and secrets.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "core/foundation/config/scalars.hpp"

namespace outpost::config {
namespace {

std::optional<std::filesystem::path> resolve(Reader& reader, const Node& node) {
    const std::string* text = detail::read_text(reader, node, "a path");
    if (!text) return std::nullopt;
    if (text->empty() || text->size() > 4000) {
        reader.error(node.at, text->empty() ? "must not be empty" : "is longer than 4000 octets");
        return std::nullopt;
    }
    return (reader.environment().directory / *text).lexically_normal();
}

void without_line_end(std::string& text) {
    if (text.ends_with('\n')) text.pop_back();
    if (text.ends_with('\r')) text.pop_back();
}

void read_secret_file(Reader& reader, const Node& node, Secret& value) {
    const auto path = resolve(reader, node);
    if (!path) return;
    auto content = reader.environment().read_file(*path);
    if (!content)
        return reader.error(
            node.at, fmt::format("cannot read {}", path->string()), content.error()
        );
    without_line_end(*content);
    if (content->empty()) return reader.error(node.at, fmt::format("{} is empty", path->string()));
    if (content->find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos) {
        return reader.error(node.at, fmt::format("{} holds more than one line", path->string()));
    }
    value = Secret(std::move(*content));
}

void read_secret_variable(Reader& reader, const Node& node, Secret& value) {
    const std::string* name =
        detail::read_text(reader, node, "the name of an environment variable");
    if (!name) return;
    auto content = reader.environment().variable(*name);
    if (!content || content->empty()) {
        const std::string state = content ? "empty" : "not set";
        return reader.error(
            node.at, fmt::format("environment variable {} is {}", in_quotes(*name), state)
        );
    }
    value = Secret(std::move(*content));
}

void read_secret(Reader& reader, const Node& node, Secret& value) {
    const auto refuse = [&](const char* message) {
        reader.error(node.at, message, {}, Quote::nothing);
    };
    const bool elsewhere = node.kind == Node::Kind::map && (node.find("file") || node.find("env"));
    if (!elsewhere) reader.conceal(node.at);
    if (node.kind == Node::Kind::null) return refuse("must not be empty");
    if (node.kind == Node::Kind::scalar) {
        if (meaning(node) != Meaning::text) return refuse("a secret of this form needs quotes");
        if (node.text.empty()) return refuse("must not be empty");
        if (node.text.find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos)
            return refuse("a secret is one line");
        value = Secret(node.text);
        return;
    }
    if (node.kind == Node::Kind::map && node.entries.size() == 1) {
        const Node::Entry& entry = node.entries.front();
        if (entry.key == "file") return read_secret_file(reader, entry.value, value);
        if (entry.key == "env") return read_secret_variable(reader, entry.value, value);
    }
    refuse("expected a secret: text, {file: PATH} or {env: NAME}");
}

}  // namespace

Type<std::filesystem::path> path(PathRule rule) {
    return custom<std::filesystem::path>(
        Schema::of({{"type", "string"}, {"title", "path"}, {"minLength", 1}}),
        [rule](Reader& reader, const Node& node, std::filesystem::path& value) {
            const auto got = resolve(reader, node);
            if (!got) return;
            value = *got;
            if (rule == PathRule::any) return;
            const std::string why = reader.environment().why_unreadable(value);
            if (!why.empty())
                reader.error(node.at, fmt::format("cannot read {}", value.string()), why);
        },
        [](const std::filesystem::path& value) { return value.string(); }
    );
}

Type<Secret> secret() {
    const auto reference = [](const char* key, const char* doc) {
        return Json{
            {"type", "object"},
            {"additionalProperties", false},
            {"required", {key}},
            {"properties", {{key, {{"type", "string"}, {"description", doc}}}}}
        };
    };
    const Json schema = {
        {"title", "secret"},
        {"anyOf",
         {{{"type", "string"}, {"minLength", 1}},
          reference("file", "Path of a file that holds the secret in one line"),
          reference("env", "Name of an environment variable that holds it")}}
    };
    return custom<Secret>(Schema::of(schema), read_secret, [](const Secret& value) {
        return value.empty() ? "" : "(hidden)";
    });
}

}  // namespace outpost::config
