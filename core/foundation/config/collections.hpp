// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <fmt/format.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/foundation/config/scalars.hpp"

/// Values made of other values.
namespace outpost::config {

/// A list. A single value does for a list of one, unless `strict`.
enum class ListForm { or_single, strict };
template <class T>
Type<std::vector<T>> list_of(
    Type<T> item, ListForm form = ListForm::or_single, std::size_t most = 10'000
) {
    Type<std::vector<T>> type;
    const Json array = {{"type", "array"}, {"items", item.schema}};
    type.schema = form == ListForm::strict ? array : Json{{"anyOf", {item.schema, array}}};
    type.definitions = item.definitions;
    type.read = [read_item = item.read, form,
                 most](Reader& reader, const Node& node, std::vector<T>& value) {
        std::vector<T> got;
        if (node.kind == Node::Kind::list) {
            if (node.entries.size() > most)
                return reader.error(node.at, fmt::format("more than {} items", most));
            for (std::size_t i = 0; i < node.entries.size(); ++i) {
                const Reader::Scope scope(reader, i);
                read_item(reader, node.entries[i].value, got.emplace_back());
            }
        } else if (form == ListForm::or_single && node.kind != Node::Kind::null) {
            read_item(reader, node, got.emplace_back());
        } else {
            return reader.expected("a list", node);
        }
        value = std::move(got);
    };
    type.show = [show_item = item.show](const std::vector<T>& value) {
        Json out = Json::array();
        for (const T& each : value)
            out.push_back(show_item(each));
        return out;
    };
    return type;
}

/// What names in a map may look like: they appear in SQL, logs and command lines.
bool is_plain_name(std::string_view name) noexcept;

/// Named values. `Map` is std::map<std::string, T> or alike. `fix_key` turns a key into its
/// canonical form, or says what is wrong with it; by default keys are plain names.
using KeyRule = std::function<Result<std::string>(std::string_view)>;
KeyRule plain_names();
template <class T>
Type<std::map<std::string, T>> map_of(Type<T> item, KeyRule fix_key = plain_names()) {
    Type<std::map<std::string, T>> type;
    type.schema = {{"type", "object"}, {"additionalProperties", item.schema}};
    type.definitions = item.definitions;
    type.read = [read_item = item.read,
                 fix_key](Reader& reader, const Node& node, std::map<std::string, T>& value) {
        if (node.kind == Node::Kind::null) return;
        if (node.kind != Node::Kind::map)
            return reader.expected("a mapping of names to values", node);
        for (const Node::Entry& entry : node.entries) {
            const Reader::Scope scope(reader, entry.key);
            const auto key = fix_key(entry.key);
            if (!key) {
                reader.error(entry.key_at, key.error(), {}, Quote::up_to_key);
                continue;
            }
            T got{};
            read_item(reader, entry.value, got);
            if (!value.emplace(*key, std::move(got)).second) {
                reader.error(
                    entry.key_at, fmt::format("is the same as another key, both mean '{}'", *key)
                );
            }
        }
    };
    type.show = [show_item = item.show](const std::map<std::string, T>& value) {
        Json out = Json::object();
        for (const auto& [name, each] : value)
            out[name] = show_item(each);
        return out;
    };
    return type;
}

/// A value that may be left out.
template <class T>
Type<std::optional<T>> maybe(Type<T> inner) {
    Type<std::optional<T>> type;
    type.schema = inner.schema;
    type.definitions = inner.definitions;
    type.read = [read_inner =
                     inner.read](Reader& reader, const Node& node, std::optional<T>& value) {
        T got = value.value_or(T{});
        read_inner(reader, node, got);
        value = std::move(got);
    };
    type.show = [show_inner = inner.show](const std::optional<T>& value) {
        return value ? show_inner(*value) : Json();
    };
    return type;
}

/// A value that its owner keeps in a form of his own, or in several members: `set` stores what was
/// read into it, `get` takes it back. With the whole settings struct as To, a key may set several
/// members (name it by `itself`).
template <class To, class From>
Type<To> stored_as(
    Type<From> inner, std::function<void(To&, const From&)> set, std::function<From(const To&)> get
) {
    Type<To> type;
    type.schema = inner.schema;
    type.definitions = inner.definitions;
    type.read = [read_inner = inner.read, set, get](Reader& reader, const Node& node, To& value) {
        From got = get(value);
        read_inner(reader, node, got);
        set(value, got);
    };
    type.show = [show_inner = inner.show, get](const To& value) { return show_inner(get(value)); };
    return type;
}
inline constexpr auto itself = [](auto& value) -> auto& { return value; };

/// Options for a plugin, which alone knows their names: any scalars, kept as text.
Type<std::map<std::string, std::string>> free_options();

}  // namespace outpost::config
