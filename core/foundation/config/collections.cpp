// SPDX-License-Identifier: Apache-2.0
#include "core/foundation/config/collections.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "core/foundation/config/restart.hpp"

namespace outpost::config {
namespace {

bool is_name_character(char c) noexcept {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    return letter || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.' || c == '@' ||
           c == '+';
}

Schema list_schema(const Schema& item, ListForm form) {
    Json array = {{"type", "array"}, {"items", *item.self}};
    Json self = form == ListForm::strict ? std::move(array) : Json{{"anyOf", {*item.self, array}}};
    return {std::make_shared<const Json>(std::move(self)), item.definitions};
}

Schema map_schema(const Schema& item) {
    return {
        std::make_shared<const Json>(Json{{"type", "object"}, {"additionalProperties", *item.self}}
        ),
        item.definitions
    };
}

Type<std::string> any_scalar() {
    return custom<std::string>(
        Schema::of({{"type", {"string", "number", "boolean"}}}),
        [](Reader& reader, const Node& node, std::string& value) {
            if (node.kind != Node::Kind::scalar)
                return reader.expected("text, a number or a truth value", node);
            value = node.text;
        },
        [](const std::string&) { return "(hidden)"; }  // may be secret: only the plugin knows
    );
}

}  // namespace

bool is_plain_name(std::string_view name) noexcept {
    return !name.empty() && name.size() <= 200 &&
           std::all_of(name.begin(), name.end(), is_name_character);
}

KeyRule plain_names() {
    return [](std::string_view key) -> Result<std::string> {
        if (is_plain_name(key)) return std::string(key);
        return Err{std::string("a name here consists of letters, digits and . _ - + @")};
    };
}

Type<std::map<std::string, std::string>> free_options() {
    return map_of(any_scalar());
}

namespace detail {

AnyList::AnyList(AnyType item, ListForm form, std::size_t most)
    : Kind(list_schema(item.schema(), form)), item_(std::move(item)), form_(form), most_(most) {}

void AnyList::read(Reader& reader, const Node& node, void* value) const {
    if (node.kind == Node::Kind::list) {
        if (node.entries.size() > most_)
            return reader.error(node.at, fmt::format("more than {} items", most_));
        clear(value);
        for (std::size_t i = 0; i < node.entries.size(); ++i) {
            const Reader::Scope scope(reader, i);
            item_.kind().read(reader, node.entries[i].value, append(value));
        }
    } else if (form_ == ListForm::or_single && node.kind != Node::Kind::null) {
        clear(value);
        item_.kind().read(reader, node, append(value));
    } else {
        reader.expected("a list", node);
    }
}

void AnyList::show(const void* value, Json& out) const {
    out = Json::array();
    for (std::size_t i = 0; i < length(value); ++i)
        item_.kind().show(at(value, i), out.emplace_back());
}

bool AnyList::same(const void* a, const void* b) const {
    if (length(a) != length(b)) return false;
    for (std::size_t i = 0; i < length(a); ++i) {
        if (!item_.kind().same(at(a, i), at(b, i))) return false;
    }
    return true;
}

void AnyList::list_keys(const KeyInfo& at, std::vector<KeyInfo>& keys) const {
    item_.kind().list_keys(at, keys);
}

AnyMap::AnyMap(AnyType item, KeyRule fix_key)
    : Kind(map_schema(item.schema())), item_(std::move(item)), fix_key_(std::move(fix_key)) {}

void AnyMap::read(Reader& reader, const Node& node, void* value) const {
    if (node.kind == Node::Kind::null) return;
    if (node.kind != Node::Kind::map) return reader.expected("a mapping of names to values", node);
    for (const Node::Entry& entry : node.entries) {
        const Reader::Scope scope(reader, entry.key);
        const auto key = fix_key_(entry.key);
        if (!key) {
            reader.error(entry.key_at, key.error(), {}, Quote::up_to_key);
            continue;
        }
        const bool added =
            add(value, *key, [&](void* item) { item_.kind().read(reader, entry.value, item); });
        if (!added) {
            reader.error(
                entry.key_at, fmt::format("is the same as another key, both mean '{}'", *key)
            );
        }
    }
}

void AnyMap::show(const void* value, Json& out) const {
    out = Json::object();
    each(value, [&](const std::string& key, const void* item) {
        item_.kind().show(item, out[key]);
    });
}

bool AnyMap::same(const void* a, const void* b) const {
    std::size_t in_a = 0, in_b = 0;
    bool all = true;
    each(a, [&](const std::string& key, const void* item) {
        const void* other = find(b, key);
        all = all && other && item_.kind().same(item, other);
        ++in_a;
    });
    each(b, [&](const std::string&, const void*) { ++in_b; });
    return all && in_a == in_b;
}

void AnyMap::compare(const void* old, const void* next, RestartKeys& keys) const {
    each(old, [&](const std::string& key, const void* item) {
        const RestartKeys::Scope scope(keys, key, false);
        if (const void* other = find(next, key)) {
            item_.kind().compare(item, other, keys);
        } else if (keys.marked()) {
            keys.add();
        }
    });
    each(next, [&](const std::string& key, const void*) {
        const RestartKeys::Scope scope(keys, key, false);
        if (keys.marked() && !find(old, key)) keys.add();
    });
}

void AnyMap::list_keys(const KeyInfo& at, std::vector<KeyInfo>& keys) const {
    item_.kind().list_keys({at.path + ".NAME", at.restart}, keys);
}

AnyMaybe::AnyMaybe(AnyType inner) : Kind(inner.schema()), inner_(std::move(inner)) {}

void AnyMaybe::read(Reader& reader, const Node& node, void* value) const {
    inner_.kind().read(reader, node, engage(value));
}

void AnyMaybe::show(const void* value, Json& out) const {
    if (const void* inner = get(value)) inner_.kind().show(inner, out);
}

bool AnyMaybe::same(const void* a, const void* b) const {
    const void *in_a = get(a), *in_b = get(b);
    return in_a && in_b ? inner_.kind().same(in_a, in_b) : !in_a && !in_b;
}

/// A section that comes or goes is one difference, if it has a key that is marked.
void AnyMaybe::compare(const void* old, const void* next, RestartKeys& keys) const {
    const void *before = get(old), *after = get(next);
    if (before && after) return inner_.kind().compare(before, after, keys);
    if (!before && !after) return;
    if (keys.marked() || has_restart_keys(inner_.kind())) keys.add();
}

void AnyMaybe::list_keys(const KeyInfo& at, std::vector<KeyInfo>& keys) const {
    inner_.kind().list_keys(at, keys);
}

}  // namespace detail
}  // namespace outpost::config
