// SPDX-License-Identifier: Apache-2.0
#include "core/foundation/config/choice.hpp"

namespace outpost::config {

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

}  // namespace outpost::config
