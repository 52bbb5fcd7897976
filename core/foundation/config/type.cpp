// SPDX-License-Identifier: Apache-2.0
#include "core/foundation/config/type.hpp"

#include <nlohmann/json.hpp>
#include <stdexcept>

#include "core/foundation/config/restart.hpp"

namespace outpost::config {

Schema Schema::of(Json self) {
    return of(std::move(self), Json::object());
}

Schema Schema::of(Json self, Json definitions) {
    return {
        std::make_shared<const Json>(std::move(self)),
        std::make_shared<const Json>(std::move(definitions))
    };
}

Schema Schema::parse(std::string_view json) {
    return of(Json::parse(json));
}

Schema Schema::with_title(std::string_view title) const {
    Json named = *self;
    named["title"] = title;
    return {std::make_shared<const Json>(std::move(named)), definitions};
}

void Kind::compare(const void* old, const void* next, RestartKeys& keys) const {
    if (keys.marked() && !same(old, next)) keys.add();
}

void Kind::list_keys(const KeyInfo& at, std::vector<KeyInfo>& keys) const {
    keys.push_back(at);
}

AnyType::AnyType(std::unique_ptr<const Kind> kind) : kind_(std::move(kind)) {}
AnyType::AnyType(const AnyType&) noexcept = default;
AnyType& AnyType::operator=(const AnyType&) noexcept = default;
AnyType::~AnyType() = default;

void detail::cannot_compare() {
    throw std::logic_error("a key whose values cannot be compared cannot be marked by restart()");
}

}  // namespace outpost::config
