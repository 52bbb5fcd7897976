// SPDX-License-Identifier: Apache-2.0
#include "core/foundation/config/scalars.hpp"

#include <fmt/format.h>

#include <charconv>
#include <limits>
#include <nlohmann/json.hpp>

#include "core/foundation/base/encoding.hpp"
#include "core/foundation/config/suggest.hpp"

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

std::string without_article(std::string_view title) {
    for (const std::string_view article : {"a ", "an "}) {
        if (title.starts_with(article)) return std::string(title.substr(article.size()));
    }
    return std::string(title);
}

class WholeNumber final : public KindOf<std::int64_t> {
  public:
    WholeNumber(std::int64_t least, std::int64_t most)
        : KindOf(describe_bounds(least, most)), least_(least), most_(most) {}

  private:
    static Schema describe_bounds(std::int64_t least, std::int64_t most) {
        Json schema = {{"type", "integer"}, {"minimum", least}};
        if (most < std::numeric_limits<std::int32_t>::max()) schema["maximum"] = most;
        return Schema::of(std::move(schema));
    }
    void read_value(Reader& reader, const Node& node, std::int64_t& value) const override {
        if (node.kind != Node::Kind::scalar || meaning(node) != Meaning::integer)
            return reader.expected("a whole number", node, remove_quotes_hint(node));
        const auto got = parse_number<std::int64_t>(node.text);
        if (got && *got >= least_ && *got <= most_) {
            value = *got;
            return;
        }
        const auto quoted = node.text.substr(0, 40);
        reader.error(node.at, fmt::format("{} is not between {} and {}", quoted, least_, most_));
    }
    void show_value(const std::int64_t& value, Json& out) const override { out = value; }

    std::int64_t least_, most_;
};

class Boolean final : public KindOf<bool> {
  public:
    Boolean() : KindOf(Schema::of({{"type", "boolean"}})) {}

  private:
    void read_value(Reader& reader, const Node& node, bool& value) const override {
        if (node.kind == Node::Kind::scalar && meaning(node) == Meaning::boolean) {
            value = to_lower(node.text) == "true";
            return;
        }
        const std::string word =
            node.kind == Node::Kind::scalar ? to_lower(node.text) : std::string();
        const bool yes = word == "yes" || word == "on", no = word == "no" || word == "off";
        reader.expected("true or false", node, yes ? "write true" : no ? "write false" : "");
    }
    void show_value(const bool& value, Json& out) const override { out = value; }
};

class Words final : public KindOf<std::string> {
  public:
    explicit Words(TextRules rules) : KindOf(schema_of(rules)), rules_(std::move(rules)) {}

  private:
    static Schema schema_of(const TextRules& rules) {
        Json schema = {{"type", "string"}, {"title", rules.title}};
        if (!rules.may_be_empty) schema["minLength"] = 1;
        return Schema::of(std::move(schema));
    }
    void read_value(Reader& reader, const Node& node, std::string& value) const override {
        const std::string* got = detail::read_text(reader, node, rules_.title);
        if (!got) return;
        if (got->empty() && !rules_.may_be_empty) {
            reader.error(node.at, "must not be empty");
        } else if (got->size() > rules_.longest) {
            reader.error(node.at, fmt::format("is longer than {} octets", rules_.longest));
        } else if (has_controls(*got)) {
            reader.error(node.at, "must not contain control characters or line ends");
        } else {
            value = *got;
        }
    }
    void show_value(const std::string& value, Json& out) const override {
        detail::show_text(value, out);
    }

    TextRules rules_;
};

class Number final : public KindOf<double> {
  public:
    Number(double least, double most)
        : KindOf(Schema::of({{"type", "number"}, {"minimum", least}, {"maximum", most}})),
          least_(least),
          most_(most) {}

  private:
    void read_value(Reader& reader, const Node& node, double& value) const override {
        const bool numeric =
            node.kind == Node::Kind::scalar &&
            (meaning(node) == Meaning::integer || meaning(node) == Meaning::number);
        const auto got = numeric ? parse_number<double>(node.text) : std::nullopt;
        if (!got) return reader.expected("a number", node, remove_quotes_hint(node));
        if (*got >= least_ && *got <= most_) {
            value = *got;
            return;
        }
        const auto quoted = node.text.substr(0, 40);
        reader.error(node.at, fmt::format("{} is not between {} and {}", quoted, least_, most_));
    }
    void show_value(const double& value, Json& out) const override { out = value; }

    double least_, most_;
};

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

void show_text(std::string_view text, Json& out) {
    if (!text.empty()) out = text;
}

Schema text_schema(std::string_view title, std::string_view pattern) {
    Json schema = {{"type", "string"}, {"title", without_article(title)}};
    if (!pattern.empty()) schema["pattern"] = pattern;
    return Schema::of(std::move(schema));
}

Type<std::int64_t> whole_number(std::int64_t least, std::int64_t most) {
    return Type<std::int64_t>(std::make_unique<WholeNumber>(least, most));
}

Schema words_schema(const std::vector<NamedWord>& words) {
    Json names = Json::array();
    std::string docs;
    for (const NamedWord& word : words) {
        names.push_back(word.name);
        if (!word.doc.empty()) docs += (docs.empty() ? "`" : "; `") + word.name + "`: " + word.doc;
    }
    Json schema = {{"enum", std::move(names)}};
    if (!docs.empty()) schema["description"] = docs;
    return Schema::of(std::move(schema));
}

std::optional<std::size_t> read_word(
    Reader& reader, const Node& node, const std::vector<NamedWord>& words
) {
    const std::string* text = read_text(reader, node, "one of a few words");
    if (!text) return std::nullopt;
    std::vector<std::string> known;
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (words[i].name == *text) return i;
        known.push_back(words[i].name);
    }
    reader.error(
        node.at, describe(node) + " is none of the words known here", did_you_mean(*text, known)
    );
    return std::nullopt;
}

}  // namespace detail

Type<bool> boolean() {
    return Type<bool>(std::make_unique<Boolean>());
}

Type<std::string> words(TextRules rules) {
    return Type<std::string>(std::make_unique<Words>(std::move(rules)));
}

Type<double> number(double least, double most) {
    return Type<double>(std::make_unique<Number>(least, most));
}

}  // namespace outpost::config
