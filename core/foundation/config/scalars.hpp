// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "core/foundation/base/secret.hpp"
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

/// Text that a function understands: a domain, a network, an address. `parse` (std::string_view to
/// Result<T>) says in a sentence what is wrong; `show` (const T& to std::string) gives the text
/// back. `title` reads well after "is not": "a domain name".
template <class T, class Parse, class Show>
Type<T> parsed(std::string_view title, Parse parse, Show show, std::string_view pattern = {});

/// A value whose reading is written by hand: `read` is called with (Reader&, const Node&, T&),
/// `show` with (const T&) and returns text, empty when there is none to show.
template <class T, class Read, class Show>
Type<T> custom(Schema schema, Read read, Show show);

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
/// A scalar that is text, not a number or truth value in disguise.
const std::string* read_text(Reader& reader, const Node& node, std::string_view what);
void not_a(Reader& reader, const Node& node, std::string_view what, const std::string& why);
/// Empty text is shown as nothing.
void show_text(std::string_view text, Json& out);
Schema text_schema(std::string_view title, std::string_view pattern);

Type<std::int64_t> whole_number(std::int64_t least, std::int64_t most);
Type<std::uint64_t> octets(std::uint64_t least, std::uint64_t most);
/// `step`: what it must be a multiple of.
Type<std::chrono::milliseconds> span(
    std::chrono::milliseconds least, std::chrono::milliseconds most, std::chrono::milliseconds step
);

struct NamedWord {
    std::string name, doc;
};
Schema words_schema(const std::vector<NamedWord>& words);
/// Which of the words it is.
std::optional<std::size_t> read_word(
    Reader& reader, const Node& node, const std::vector<NamedWord>& words
);

template <class T, class Parse, class Show>
class Parsed final : public KindOf<T> {
  public:
    Parsed(std::string_view title, Parse parse, Show show, std::string_view pattern)
        : KindOf<T>(text_schema(title, pattern)),
          title_(title),
          parse_(std::move(parse)),
          show_(std::move(show)) {}

  private:
    void read_value(Reader& reader, const Node& node, T& value) const override {
        const std::string* text = read_text(reader, node, title_);
        if (!text) return;
        Result<T> result = parse_(std::string_view(*text));
        if (result) {
            value = std::move(*result);
        } else {
            not_a(reader, node, title_, result.error());
        }
    }
    void show_value(const T& value, Json& out) const override { show_text(show_(value), out); }

    std::string title_;
    Parse parse_;
    Show show_;
};

template <class T, class Read, class Show>
class Custom final : public KindOf<T> {
  public:
    Custom(Schema schema, Read read, Show show)
        : KindOf<T>(std::move(schema)), read_(std::move(read)), show_(std::move(show)) {}

  private:
    void read_value(Reader& reader, const Node& node, T& value) const override {
        read_(reader, node, value);
    }
    void show_value(const T& value, Json& out) const override { show_text(show_(value), out); }

    Read read_;
    Show show_;
};

template <class E>
class OneOf final : public KindOf<E> {
  public:
    OneOf(std::vector<NamedWord> words, std::vector<E> values)
        : KindOf<E>(words_schema(words)), words_(std::move(words)), values_(std::move(values)) {}

  private:
    void read_value(Reader& reader, const Node& node, E& value) const override {
        if (const auto at = read_word(reader, node, words_)) value = values_[*at];
    }
    void show_value(const E& value, Json& out) const override {
        for (std::size_t i = 0; i < values_.size(); ++i) {
            if (values_[i] == value) return show_text(words_[i].name, out);
        }
    }

    std::vector<NamedWord> words_;
    std::vector<E> values_;
};

/// A To that is read, shown and compared as a From: `set` (To&, const From&) stores what was read,
/// `get` (const To&) takes it back.
template <class To, class From, class Set, class Get>
class StoredAs final : public KindOf<To> {
  public:
    StoredAs(Type<From> inner, Set set, Get get)
        : KindOf<To>(inner.schema()),
          inner_(std::move(inner)),
          set_(std::move(set)),
          get_(std::move(get)) {}
    void list_keys(const KeyInfo& at, std::vector<KeyInfo>& keys) const override {
        inner_.kind().list_keys(at, keys);
    }

  private:
    void read_value(Reader& reader, const Node& node, To& value) const override {
        From got = get_(value);
        inner_.read(reader, node, got);
        set_(value, got);
    }
    void show_value(const To& value, Json& out) const override {
        const From got = get_(value);
        inner_.kind().show(&got, out);
    }
    bool same_values(const To& a, const To& b) const override {
        const From of_a = get_(a), of_b = get_(b);
        return inner_.kind().same(&of_a, &of_b);
    }

    Type<From> inner_;
    Set set_;
    Get get_;
};

/// An arithmetic type or a time span as its widest relative.
template <class To, class From>
Type<To> narrowed(Type<From> wide) {
    const auto set = [](To& value, const From& got) {
        if constexpr (std::is_arithmetic_v<To>) {
            value = static_cast<To>(got);
        } else {
            value = std::chrono::duration_cast<To>(got);
        }
    };
    const auto get = [](const To& value) { return static_cast<From>(value); };
    return Type<To>(std::make_unique<StoredAs<To, From, decltype(set), decltype(get)>>(
        std::move(wide), set, get
    ));
}
}  // namespace detail

template <class T, class Parse, class Show>
Type<T> parsed(std::string_view title, Parse parse, Show show, std::string_view pattern) {
    return Type<T>(std::make_unique<detail::Parsed<T, Parse, Show>>(
        title, std::move(parse), std::move(show), pattern
    ));
}

template <class T, class Read, class Show>
Type<T> custom(Schema schema, Read read, Show show) {
    return Type<T>(std::make_unique<detail::Custom<T, Read, Show>>(
        std::move(schema), std::move(read), std::move(show)
    ));
}

template <class I>
Type<I> integer(I least, I most) {
    return detail::narrowed<I>(
        detail::whole_number(static_cast<std::int64_t>(least), static_cast<std::int64_t>(most))
    );
}

template <class I>
Type<I> size(std::uint64_t least, std::uint64_t most) {
    const auto largest = static_cast<std::uint64_t>(std::numeric_limits<I>::max());
    return detail::narrowed<I>(detail::octets(least, std::min(most, largest)));
}

template <class D>
Type<D> duration(std::chrono::milliseconds least, std::chrono::milliseconds most) {
    return detail::narrowed<D>(detail::span(least, most, std::chrono::milliseconds(D(1))));
}

template <class E>
Type<E> one_of(std::vector<Word<E>> choices) {
    std::vector<detail::NamedWord> words;
    std::vector<E> values;
    for (Word<E>& word : choices) {
        words.push_back({std::move(word.name), std::move(word.doc)});
        values.push_back(std::move(word.value));
    }
    return Type<E>(std::make_unique<detail::OneOf<E>>(std::move(words), std::move(values)));
}

}  // namespace outpost::config
