// SPDX-License-Identifier: Apache-2.0
#include "core/foundation/config/choice.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/foundation/config/restart.hpp"
#include "core/foundation/config/schema.hpp"
#include "core/foundation/config/suggest.hpp"

namespace outpost::config::detail {
namespace {

struct Branch {
    std::string word;
    AnyType object;
    std::shared_ptr<const Alternative> alternative;
};

/// The definition of an object with a key `type` that must say `word` put in front.
Json with_type_key(const Json& definition, const std::string& word) {
    Json out = definition;
    Json properties = {{"type", {{"const", word}, {"description", "Which kind this is."}}}};
    for (const auto& [key, schema] : definition.at("properties").items())
        properties[key] = schema;
    Json required = {"type"};
    for (const Json& key : definition.value("required", Json::array()))
        required.push_back(key);
    out["properties"] = std::move(properties);
    out["required"] = std::move(required);
    return out;
}

class AnyChoice final : public Kind {
  public:
    AnyChoice(Schema schema, std::vector<Branch> branches)
        : Kind(std::move(schema)), branches_(std::move(branches)) {
        for (const Branch& branch : branches_)
            words_.push_back(branch.word);
    }

    void read(Reader& reader, const Node& node, void* value) const override {
        if (node.kind != Node::Kind::map)
            return reader.expected("a mapping with a key 'type'", node);
        const Node* type = node.find("type");
        if (!type) {
            return reader.error(
                node.at, "required key 'type' is missing", did_you_mean("", words_)
            );
        }
        const auto chosen =
            std::find_if(branches_.begin(), branches_.end(), [&](const Branch& branch) {
                return type->kind == Node::Kind::scalar && branch.word == type->text;
            });
        if (chosen == branches_.end()) {
            const Reader::Scope scope(reader, "type");
            return reader.error(
                type->at, "unknown type " + in_quotes(type->text), did_you_mean(type->text, words_)
            );
        }
        Node rest = node;
        std::erase_if(rest.entries, [](const Node::Entry& entry) { return entry.key == "type"; });
        chosen->object.kind().read(reader, rest, chosen->alternative->choose(value));
    }
    void show(const void* value, Json& out) const override {
        const Branch* branch = branch_of(value);
        if (!branch) return;
        out = {{"type", branch->word}};
        Json shown;
        branch->object.kind().show(branch->alternative->held(value), shown);
        out.update(shown);
    }
    bool same(const void* a, const void* b) const override {
        const Branch* branch = branch_of(a);
        if (branch != branch_of(b)) return false;
        return !branch || branch->object.kind().same(
                              branch->alternative->held(a), branch->alternative->held(b)
                          );
    }
    void compare(const void* old, const void* next, RestartKeys& keys) const override {
        const Branch* branch = branch_of(old);
        if (!branch || branch != branch_of(next)) return Kind::compare(old, next, keys);
        branch->object.kind().compare(
            branch->alternative->held(old), branch->alternative->held(next), keys
        );
    }
    void list_keys(const KeyInfo& at, std::vector<KeyInfo>& keys) const override {
        for (const Branch& branch : branches_)
            branch.object.kind().list_keys({at.path + "[" + branch.word + "]", at.restart}, keys);
    }

  private:
    const Branch* branch_of(const void* value) const {
        for (const Branch& branch : branches_) {
            if (branch.alternative->held(value)) return &branch;
        }
        return nullptr;
    }

    std::vector<Branch> branches_;
    std::vector<std::string> words_;
};

}  // namespace

struct ChoiceBuilder::State {
    std::string name, doc;
    std::vector<Branch> branches;
    Json references = Json::array();
    Json definitions = Json::object();
};

ChoiceBuilder::ChoiceBuilder(std::string_view name, std::string_view doc)
    : state_(std::make_unique<State>()) {
    state_->name = name;
    state_->doc = doc;
}

ChoiceBuilder::~ChoiceBuilder() = default;

void ChoiceBuilder::add(
    std::string_view word, const AnyType& object, std::shared_ptr<const Alternative> alternative
) {
    const std::string reference = object.schema().self->at("$ref");
    const std::string definition = reference.substr(reference.rfind('/') + 1);
    Json& definitions = state_->definitions;
    merge_definitions(definitions, *object.schema().definitions);
    definitions[definition] = with_type_key(definitions[definition], std::string(word));
    state_->references.push_back({{"$ref", reference}});
    state_->branches.push_back({std::string(word), object, std::move(alternative)});
}

std::unique_ptr<const Kind> ChoiceBuilder::build() const {
    Json definitions = state_->definitions;
    definitions[state_->name] = {
        {"description", state_->doc},
        {"type", "object"},
        {"required", {"type"}},
        {"oneOf", state_->references}
    };
    return std::make_unique<AnyChoice>(
        Schema::of({{"$ref", "#/$defs/" + state_->name}}, std::move(definitions)), state_->branches
    );
}

}  // namespace outpost::config::detail
