// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "core/foundation/base/secret.hpp"
#include "core/foundation/config/suggest.hpp"
#include "core/foundation/config/type.hpp"

/// The kinds of single values.
namespace outpost::config {

/// true or false; not yes, no, on, off, which YAML 1.2 takes for text.
Type<bool> boolean();

struct TextRules {
    std::size_t longest = 1000;
    bool may_be_empty = false;
    std::string title = "text";
};
/// One line of UTF-8 without control characters.
Type<std::string> words(TextRules rules = {});

/// Text that a function understands: a domain, a network, an address. `parse` returns Result<T>;
/// its error is a sentence. `title` reads well after "is not": "a domain name".
template <class T>
Type<T> parsed(
    std::string title, std::function<Result<T>(std::string_view)> parse,
    std::function<std::string(const T&)> show
);

/// A whole number within bounds.
template <class I>
Type<I> integer(I least, I most);
/// A number, whole or not, within bounds.
Type<double> number(double least, double most);

/// Octets: 10MiB, 512KB, or a plain number.
template <class I>
Type<I> size(std::uint64_t least = 0, std::uint64_t most = std::uint64_t{1} << 50);
Result<std::uint64_t> parse_size(std::string_view text);
std::string format_size(std::uint64_t octets);

/// A time span: 90s, 5m, 1h30m, 5d; a plain number counts seconds. D is any std::chrono::duration.
template <class D>
Type<D> duration(std::chrono::milliseconds least, std::chrono::milliseconds most);
Result<std::chrono::milliseconds> parse_duration(std::string_view text);
std::string format_duration(std::chrono::milliseconds span);

/// A lower and an upper bound, both included, either may be missing: "3..", "..5", "2..4", "3".
struct Range {
    std::optional<std::uint64_t> least, most;
    bool operator==(const Range&) const = default;
};
enum class RangeOf { counts, sizes };
Type<Range> range(RangeOf of);

/// One of a few words.
template <class E>
struct Word {
    std::string name;
    E value;
    std::string doc;
};
template <class E>
Type<E> one_of(std::vector<Word<E>> choices);

/// A file or directory name; relative ones start at the configuration file's directory.
enum class PathRule { any, readable_file };
Type<std::filesystem::path> path(PathRule rule);

/// A secret: literal text, {file: PATH} (without its last line end), or {env: NAME}. Its value is
/// never part of a message.
Type<Secret> secret();

// What the templates are made of.
namespace detail {
std::optional<std::int64_t> read_integer(
    Reader& reader, const Node& node, std::int64_t least, std::int64_t most
);
std::optional<std::uint64_t> read_size(
    Reader& reader, const Node& node, std::uint64_t least, std::uint64_t most
);
std::optional<std::chrono::milliseconds> read_duration(
    Reader& reader, const Node& node, std::chrono::milliseconds least,
    std::chrono::milliseconds most
);
/// A scalar that is text, not a number or truth value in disguise.
const std::string* read_text(Reader& reader, const Node& node, std::string_view what);
void not_a(Reader& reader, const Node& node, std::string_view what, const std::string& why);
std::string without_article(const std::string& title);
Json integer_schema(std::int64_t least, std::int64_t most);
Json size_schema();
Json duration_schema();
}  // namespace detail

template <class T>
Type<T> parsed(
    std::string title, std::function<Result<T>(std::string_view)> parse,
    std::function<std::string(const T&)> show
) {
    Type<T> type;
    type.schema = {{"type", "string"}, {"title", detail::without_article(title)}};
    type.read = [title, parse](Reader& reader, const Node& node, T& value) {
        const std::string* text = detail::read_text(reader, node, title);
        if (!text) return;
        Result<T> result = parse(*text);
        if (result) {
            value = std::move(*result);
        } else {
            detail::not_a(reader, node, title, result.error());
        }
    };
    type.show = [show](const T& value) {
        const std::string text = show(value);
        return text.empty() ? Json() : Json(text);
    };
    return type;
}

template <class I>
Type<I> integer(I least, I most) {
    Type<I> type;
    type.schema =
        detail::integer_schema(static_cast<std::int64_t>(least), static_cast<std::int64_t>(most));
    type.read = [least, most](Reader& reader, const Node& node, I& value) {
        const auto got = detail::read_integer(
            reader, node, static_cast<std::int64_t>(least), static_cast<std::int64_t>(most)
        );
        if (got) value = static_cast<I>(*got);
    };
    type.show = [](const I& value) { return Json(value); };
    return type;
}

template <class I>
Type<I> size(std::uint64_t least, std::uint64_t most) {
    most = std::min(most, static_cast<std::uint64_t>(std::numeric_limits<I>::max()));
    Type<I> type;
    type.schema = detail::size_schema();
    type.read = [least, most](Reader& reader, const Node& node, I& value) {
        if (const auto got = detail::read_size(reader, node, least, most))
            value = static_cast<I>(*got);
    };
    type.show = [](const I& value) { return Json(format_size(static_cast<std::uint64_t>(value))); };
    return type;
}

template <class D>
Type<D> duration(std::chrono::milliseconds least, std::chrono::milliseconds most) {
    Type<D> type;
    type.schema = detail::duration_schema();
    type.read = [least, most](Reader& reader, const Node& node, D& value) {
        const auto got = detail::read_duration(reader, node, least, most);
        if (!got) return;
        const D span = std::chrono::duration_cast<D>(*got);
        if (std::chrono::duration_cast<std::chrono::milliseconds>(span) != *got) {
            reader.error(node.at, "expected whole seconds");
        } else {
            value = span;
        }
    };
    type.show = [](const D& value) {
        return Json(format_duration(std::chrono::duration_cast<std::chrono::milliseconds>(value)));
    };
    return type;
}

template <class E>
Type<E> one_of(std::vector<Word<E>> choices) {
    Type<E> type;
    Json names = Json::array();
    std::vector<std::string> known;
    std::string docs;
    for (const Word<E>& word : choices) {
        names.push_back(word.name);
        known.push_back(word.name);
        if (!word.doc.empty()) docs += (docs.empty() ? "`" : "; `") + word.name + "`: " + word.doc;
    }
    type.schema = {{"enum", names}};
    if (!docs.empty()) type.schema["description"] = docs;
    type.read = [choices, known](Reader& reader, const Node& node, E& value) {
        const std::string* text = detail::read_text(reader, node, "one of a few words");
        if (!text) return;
        for (const Word<E>& word : choices) {
            if (word.name != *text) continue;
            value = word.value;
            return;
        }
        reader.error(
            node.at, describe(node) + " is none of the words known here", did_you_mean(*text, known)
        );
    };
    type.show = [choices](const E& value) {
        for (const Word<E>& word : choices) {
            if (word.value == value) return Json(word.name);
        }
        return Json();
    };
    return type;
}

}  // namespace outpost::config
