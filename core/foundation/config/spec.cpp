// SPDX-License-Identifier: Apache-2.0
#include "core/foundation/config/spec.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "core/foundation/config/restart.hpp"
#include "core/foundation/config/schema.hpp"
#include "core/foundation/config/suggest.hpp"

namespace outpost::config::detail {
namespace {

struct Key {
    std::string name;
    std::size_t offset;  // of the member in its struct
    AnyType type;
    bool required;
    bool restart = false;
};
struct CheckedRule {
    ObjectBuilder::Rule rule;
    ObjectBuilder::CallRule call;
};

class Object final : public Kind {
  public:
    Object(Schema schema, std::vector<Key> keys, std::vector<CheckedRule> rules)
        : Kind(std::move(schema)), keys_(std::move(keys)), rules_(std::move(rules)) {
        for (const Key& key : keys_)
            names_.push_back(key.name);
    }

    void read(Reader& reader, const Node& node, void* value) const override {
        read_keys(reader, node, value);
        for (const CheckedRule& rule : rules_)
            rule.call(rule.rule, reader, node, value);
    }
    void show(const void* value, Json& out) const override {
        out = Json::object();
        for (const Key& key : keys_) {
            Json shown;
            key.type.kind().show(member(key, value), shown);
            if (!shown.is_null()) out[key.name] = std::move(shown);
        }
    }
    bool same(const void* a, const void* b) const override {
        return std::all_of(keys_.begin(), keys_.end(), [&](const Key& key) {
            return key.type.kind().same(member(key, a), member(key, b));
        });
    }
    void compare(const void* old, const void* next, RestartKeys& keys) const override {
        for (const Key& key : keys_) {
            const RestartKeys::Scope scope(keys, key.name, key.restart);
            key.type.kind().compare(member(key, old), member(key, next), keys);
        }
    }
    void list_keys(const KeyInfo& at, std::vector<KeyInfo>& keys) const override {
        for (const Key& key : keys_) {
            const std::string path = at.path.empty() ? key.name : at.path + "." + key.name;
            key.type.kind().list_keys({path, at.restart || key.restart}, keys);
        }
    }

  private:
    static void* member(const Key& key, void* value) {
        return static_cast<char*>(value) + key.offset;
    }
    static const void* member(const Key& key, const void* value) {
        return static_cast<const char*>(value) + key.offset;
    }

    void read_keys(Reader& reader, const Node& node, void* value) const {
        if (node.kind != Node::Kind::map && node.kind != Node::Kind::null)
            return reader.expected("a mapping of keys to values", node);
        for (const Node::Entry& entry : node.entries)
            read_key(reader, entry, value);
        for (const Key& key : keys_) {
            if (key.required && !node.find(key.name))
                reader.error(node.at, "required key '" + key.name + "' is missing");
        }
    }

    void read_key(Reader& reader, const Node::Entry& entry, void* value) const {
        const auto key = std::find_if(keys_.begin(), keys_.end(), [&](const Key& k) {
            return k.name == entry.key;
        });
        if (key == keys_.end()) {
            return reader.error(
                entry.key_at, "unknown key " + in_quotes(entry.key),
                did_you_mean(entry.key, names_), Quote::up_to_key
            );
        }
        const Reader::Scope scope(reader, entry.key);
        key->type.kind().read(reader, entry.value, member(*key, value));
    }

    std::vector<Key> keys_;
    std::vector<CheckedRule> rules_;
    std::vector<std::string> names_;
};

/// What the type says of itself, what the key means, and what it is without being written.
Json key_schema(const AnyType& type, std::string_view doc, bool required, const void* standard) {
    Json schema = *type.schema().self;
    const std::string more = schema.value("description", "");
    schema["description"] = std::string(doc) + (more.empty() ? "" : " " + more);
    Json shown;
    type.kind().show(standard, shown);
    const bool worth_saying = !shown.is_null() && !shown.is_object() && !(shown == Json::array());
    if (!required && worth_saying) schema["default"] = std::move(shown);
    return schema;
}

}  // namespace

struct ObjectBuilder::State {
    std::string name, doc;
    std::size_t size;
    std::vector<Key> keys;
    std::vector<CheckedRule> rules;
    Json properties = Json::object();
    Json required = Json::array();
    Json definitions = Json::object();
};

ObjectBuilder::ObjectBuilder(std::string_view name, std::string_view doc, std::size_t size)
    : state_(std::make_unique<State>()) {
    state_->name = name;
    state_->doc = doc;
    state_->size = size;
}

ObjectBuilder::~ObjectBuilder() = default;

void ObjectBuilder::add(
    std::string_view name, const AnyType& type, std::string_view doc, bool required,
    const void* defaults, const void* member
) {
    const auto offset =
        reinterpret_cast<std::uintptr_t>(member) - reinterpret_cast<std::uintptr_t>(defaults);
    // It would be another's in each value.
    if (offset >= state_->size) throw std::logic_error("a key must be bound to a part of its T");
    state_->properties[std::string(name)] = key_schema(type, doc, required, member);
    if (required) state_->required.push_back(name);
    merge_definitions(state_->definitions, *type.schema().definitions);
    state_->keys.push_back({std::string(name), offset, type, required});
}

void ObjectBuilder::mark_last_restart() {
    Key& key = state_->keys.back();
    key.restart = true;
    Json& description = state_->properties[key.name]["description"];
    description = description.get<std::string>() + " Takes effect after a restart.";
}

void ObjectBuilder::add_rule(Rule rule, CallRule call) {
    state_->rules.push_back({rule, call});
}

std::unique_ptr<const Kind> ObjectBuilder::build() const {
    Json object = {
        {"description", state_->doc}, {"type", "object"}, {"additionalProperties", false}
    };
    if (!state_->required.empty()) object["required"] = state_->required;
    object["properties"] = state_->properties;
    Json definitions = state_->definitions;
    definitions[state_->name] = std::move(object);
    return std::make_unique<Object>(
        Schema::of({{"$ref", "#/$defs/" + state_->name}}, std::move(definitions)), state_->keys,
        state_->rules
    );
}

}  // namespace outpost::config::detail
