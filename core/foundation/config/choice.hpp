// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <variant>
#include <vector>

#include "core/foundation/config/spec.hpp"

namespace outpost::config {

/// Describes a value that is one of several structs, told apart by its key `type`. V is a
/// std::variant.
template <class V>
class Choice {
  public:
    /// `name` is how the schema and the reference page call it.
    Choice(std::string name, std::string doc) : name_(std::move(name)), doc_(std::move(doc)) {}

    /// `object` comes from a Spec; `word` is what `type` says for it. Where several words make the
    /// same struct, `initial` is what reading starts from, and `is` tells whose word a value has.
    template <class A>
    Choice& alternative(
        std::string word, Type<A> object, A initial = {},
        std::function<bool(const A&)> is = [](const A&) { return true; }
    );
    Type<V> type() const;

  private:
    struct Alternative {
        std::string word;
        SharedFunction<void(Reader&, const Node&, V&)> read;
        SharedFunction<Json(const V&)> show;  ///< null when the value is another alternative
    };
    static void read_choice(
        const std::vector<Alternative>& alternatives, Reader& reader, const Node& node, V& value
    );

    std::string name_, doc_;
    std::vector<Alternative> alternatives_;
    Json branches_ = Json::array();
    Json definitions_ = Json::object();
};

/// The definition of an object with a key `type` that must say `word` put in front.
Json with_type_key(const Json& definition, const std::string& word);

template <class V>
template <class A>
Choice<V>& Choice<V>::alternative(
    std::string word, Type<A> object, A initial, std::function<bool(const A&)> is
) {
    const std::string reference = object.schema.at("$ref");
    const std::string definition = reference.substr(reference.rfind('/') + 1);
    merge_definitions(definitions_, object.definitions);
    definitions_[definition] = with_type_key(definitions_[definition], word);
    branches_.push_back({{"$ref", reference}});
    alternatives_.push_back(
        {word,
         [read = object.read, initial](Reader& reader, const Node& node, V& value) {
             A got = initial;
             read(reader, node, got);
             value = std::move(got);
         },
         [show = object.show, word, is](const V& value) {
             const A* held = std::get_if<A>(&value);
             if (!held || !is(*held)) return Json();
             Json out = {{"type", word}};
             out.update(show(*held));
             return out;
         }}
    );
    return *this;
}

template <class V>
void Choice<V>::read_choice(
    const std::vector<Alternative>& alternatives, Reader& reader, const Node& node, V& value
) {
    if (node.kind != Node::Kind::map) return reader.expected("a mapping with a key 'type'", node);
    std::vector<std::string> known;
    for (const Alternative& each : alternatives)
        known.push_back(each.word);
    const Node* kind = node.find("type");
    if (!kind)
        return reader.error(node.at, "required key 'type' is missing", did_you_mean("", known));
    const auto chosen =
        std::find_if(alternatives.begin(), alternatives.end(), [&](const Alternative& each) {
            return kind->kind == Node::Kind::scalar && each.word == kind->text;
        });
    if (chosen == alternatives.end()) {
        const Reader::Scope scope(reader, "type");
        return reader.error(
            kind->at, "unknown type " + in_quotes(kind->text), did_you_mean(kind->text, known)
        );
    }
    Node rest = node;
    std::erase_if(rest.entries, [](const Node::Entry& entry) { return entry.key == "type"; });
    chosen->read(reader, rest, value);
}

template <class V>
Type<V> Choice<V>::type() const {
    Type<V> type;
    type.schema = {{"$ref", "#/$defs/" + name_}};
    type.definitions = definitions_;
    type.definitions[name_] = {
        {"description", doc_}, {"type", "object"}, {"required", {"type"}}, {"oneOf", branches_}
    };
    type.read = [alternatives = alternatives_](Reader& reader, const Node& node, V& value) {
        read_choice(alternatives, reader, node, value);
    };
    type.show = [alternatives = alternatives_](const V& value) {
        for (const Alternative& each : alternatives) {
            Json shown = each.show(value);
            if (!shown.is_null()) return shown;
        }
        return Json();
    };
    return type;
}

}  // namespace outpost::config
