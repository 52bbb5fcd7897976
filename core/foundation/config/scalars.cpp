// SPDX-License-Identifier: Apache-2.0
#include "core/foundation/config/scalars.hpp"

#include <fmt/format.h>

#include <charconv>

#include "core/foundation/base/encoding.hpp"

namespace outpost::config {
namespace {

bool has_controls(std::string_view text) noexcept {
    return std::any_of(text.begin(), text.end(), [](char c) {
        return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
    });
}

template <class N>
std::optional<N> parse_number(std::string_view text) {
    if (!text.empty() && text.front() == '+') text.remove_prefix(1);
    N value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

std::string remove_quotes_hint(const Node& node) {
    return node.quoted && parse_number<double>(node.text) ? "remove the quotes" : "";
}

}  // namespace

namespace detail {

const std::string* read_text(Reader& reader, const Node& node, std::string_view what) {
    if (node.kind != Node::Kind::scalar || meaning(node) != Meaning::text) {
        const bool needs_quotes = node.kind == Node::Kind::scalar && meaning(node) != Meaning::null;
        reader.expected(what, node, needs_quotes ? "put it in quotes to make it text" : "");
        return nullptr;
    }
    return &node.text;
}

void not_a(Reader& reader, const Node& node, std::string_view what, const std::string& why) {
    reader.error(node.at, fmt::format("{} is not {}", describe(node), what), why);
}

std::optional<std::int64_t> read_integer(
    Reader& reader, const Node& node, std::int64_t least, std::int64_t most
) {
    if (node.kind != Node::Kind::scalar || meaning(node) != Meaning::integer) {
        reader.expected("a whole number", node, remove_quotes_hint(node));
        return std::nullopt;
    }
    const auto value = parse_number<std::int64_t>(node.text);
    if (value && *value >= least && *value <= most) return value;
    reader.error(
        node.at, fmt::format("{} is not between {} and {}", node.text.substr(0, 40), least, most)
    );
    return std::nullopt;
}

std::string without_article(const std::string& title) {
    for (const char* article : {"a ", "an "}) {
        if (title.starts_with(article)) return title.substr(std::string_view(article).size());
    }
    return title;
}

Json integer_schema(std::int64_t least, std::int64_t most) {
    Json schema = {{"type", "integer"}, {"minimum", least}};
    if (most < std::numeric_limits<std::int32_t>::max()) schema["maximum"] = most;
    return schema;
}

}  // namespace detail

Type<bool> boolean() {
    Type<bool> type;
    type.schema = {{"type", "boolean"}};
    type.read = [](Reader& reader, const Node& node, bool& value) {
        if (node.kind == Node::Kind::scalar && meaning(node) == Meaning::boolean) {
            value = to_lower(node.text) == "true";
            return;
        }
        const std::string word =
            node.kind == Node::Kind::scalar ? to_lower(node.text) : std::string();
        const bool yes = word == "yes" || word == "on", no = word == "no" || word == "off";
        reader.expected("true or false", node, yes ? "write true" : no ? "write false" : "");
    };
    type.show = [](const bool& value) { return Json(value); };
    return type;
}

Type<std::string> words(TextRules rules) {
    Type<std::string> type;
    type.schema = {{"type", "string"}, {"title", rules.title}};
    if (!rules.may_be_empty) type.schema["minLength"] = 1;
    type.read = [rules](Reader& reader, const Node& node, std::string& value) {
        const std::string* got = detail::read_text(reader, node, rules.title);
        if (!got) return;
        if (got->empty() && !rules.may_be_empty) {
            reader.error(node.at, "must not be empty");
        } else if (got->size() > rules.longest) {
            reader.error(node.at, fmt::format("is longer than {} octets", rules.longest));
        } else if (has_controls(*got)) {
            reader.error(node.at, "must not contain control characters or line ends");
        } else {
            value = *got;
        }
    };
    type.show = [](const std::string& value) { return value.empty() ? Json() : Json(value); };
    return type;
}

Type<double> number(double least, double most) {
    Type<double> type;
    type.schema = {{"type", "number"}, {"minimum", least}, {"maximum", most}};
    type.read = [least, most](Reader& reader, const Node& node, double& value) {
        const bool numeric =
            node.kind == Node::Kind::scalar &&
            (meaning(node) == Meaning::integer || meaning(node) == Meaning::number);
        const auto got = numeric ? parse_number<double>(node.text) : std::nullopt;
        if (!got) {
            reader.expected("a number", node, remove_quotes_hint(node));
        } else if (*got < least || *got > most) {
            reader.error(
                node.at,
                fmt::format("{} is not between {} and {}", node.text.substr(0, 40), least, most)
            );
        } else {
            value = *got;
        }
    };
    type.show = [](const double& value) { return Json(value); };
    return type;
}

}  // namespace outpost::config
