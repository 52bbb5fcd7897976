// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <string>
#include <type_traits>
#include <vector>

#include "core/foundation/config/collections.hpp"

namespace outpost::config {

/// Describes the keys of one settings struct, each once:
///
///     Spec<Proxy>("proxy", "A SOCKS5 proxy.")
///         .required("host", &Proxy::host, words(), "Name or address of the proxy.")
///         .key("port", &Proxy::port, integer<std::uint16_t>(1, 65535), "Its port.")
///         .type()
///
/// Defaults are those of a default-constructed T. A member is named by a pointer to it or, when it
/// lies deeper, by a function from T& to a reference.
template <class T>
class Spec {
  public:
    /// `name` is how the schema and the reference page call it.
    Spec(std::string name, std::string doc) : name_(std::move(name)), doc_(std::move(doc)) {}

    template <class Access, class M>
    Spec& key(std::string name, Access access, Type<M> type, std::string doc) {
        return add(std::move(name), access, std::move(type), std::move(doc), false);
    }
    template <class Access, class M>
    Spec& required(std::string name, Access access, Type<M> type, std::string doc) {
        return add(std::move(name), access, std::move(type), std::move(doc), true);
    }
    /// A rule over several keys, asked once all of them have been read.
    Spec& check(std::function<void(Reader&, const Node&, const T&)> rule) {
        rules_.push_back(std::move(rule));
        return *this;
    }

    Type<T> type() const;

  private:
    struct Key {
        std::string name;
        bool required;
        SharedFunction<void(Reader&, const Node&, T&)> read;
        SharedFunction<Json(const T&)> show;
    };

    template <class Access, class M>
    Spec& add(std::string name, Access access, Type<M> type, std::string doc, bool required);
    static void read_object(
        const std::vector<Key>& keys, Reader& reader, const Node& node, T& value
    );

    std::string name_, doc_;
    std::vector<Key> keys_;
    std::vector<std::function<void(Reader&, const Node&, const T&)>> rules_;
    Json properties_ = Json::object();
    Json required_ = Json::array();
    Json definitions_ = Json::object();
};

template <class T>
template <class Access, class M>
Spec<T>& Spec<T>::add(
    std::string name, Access access, Type<M> type, std::string doc, bool required
) {
    static_assert(
        std::is_same_v<std::remove_cvref_t<std::invoke_result_t<Access, T&>>, M>,
        "the member and its type description differ"
    );
    Json schema = type.schema;
    const std::string more = schema.value("description", "");
    schema["description"] = more.empty() ? doc : doc + " " + more;
    const T defaults{};
    const Json standard = type.show(std::invoke(access, const_cast<T&>(defaults)));
    const bool worth_saying =
        !standard.is_null() && !(standard.is_structured() && standard.empty());
    if (!required && worth_saying && !standard.is_object()) schema["default"] = standard;
    properties_[name] = std::move(schema);
    if (required) required_.push_back(name);
    merge_definitions(definitions_, type.definitions);
    keys_.push_back(
        {std::move(name), required,
         [access, read = type.read](Reader& reader, const Node& node, T& value) {
             read(reader, node, std::invoke(access, value));
         },
         [access, show = type.show](const T& value) {
             return show(std::invoke(access, const_cast<T&>(value)));
         }}
    );
    return *this;
}

template <class T>
void Spec<T>::read_object(
    const std::vector<Key>& keys, Reader& reader, const Node& node, T& value
) {
    if (node.kind != Node::Kind::map && node.kind != Node::Kind::null) {
        return reader.expected("a mapping of keys to values", node);
    }
    std::vector<std::string> known;
    for (const Key& key : keys)
        known.push_back(key.name);
    for (const Node::Entry& entry : node.entries) {
        const auto key = std::find_if(keys.begin(), keys.end(), [&](const Key& k) {
            return k.name == entry.key;
        });
        if (key == keys.end()) {
            reader.error(
                entry.key_at, "unknown key " + in_quotes(entry.key), did_you_mean(entry.key, known),
                Quote::up_to_key
            );
            continue;
        }
        const Reader::Scope scope(reader, entry.key);
        key->read(reader, entry.value, value);
    }
    for (const Key& key : keys) {
        if (key.required && !node.find(key.name))
            reader.error(node.at, "required key '" + key.name + "' is missing");
    }
}

template <class T>
Type<T> Spec<T>::type() const {
    Type<T> type;
    type.schema = {{"$ref", "#/$defs/" + name_}};
    type.definitions = definitions_;
    Json object = {{"description", doc_}, {"type", "object"}, {"additionalProperties", false}};
    if (!required_.empty()) object["required"] = required_;
    object["properties"] = properties_;
    type.definitions[name_] = std::move(object);
    type.read = [keys = keys_, rules = rules_](Reader& reader, const Node& node, T& value) {
        read_object(keys, reader, node, value);
        for (const auto& rule : rules)
            rule(reader, node, value);
    };
    type.show = [keys = keys_](const T& value) {
        Json out = Json::object();
        for (const Key& key : keys) {
            Json shown = key.show(value);
            if (!shown.is_null()) out[key.name] = std::move(shown);
        }
        return out;
    };
    return type;
}

}  // namespace outpost::config
