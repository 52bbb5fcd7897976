// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <concepts>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>

#include "core/foundation/config/reader.hpp"

namespace outpost::config {

/// Keeps keys in the order in which they were described.
using Json = nlohmann::ordered_json;

/// A function that is cheap to copy: types are made of types, and each copy of a std::function
/// would copy all that is below it.
template <class Signature>
class SharedFunction;
template <class R, class... Args>
class SharedFunction<R(Args...)> {
  public:
    SharedFunction() = default;
    template <class F>
        requires(!std::same_as<F, SharedFunction>)
    SharedFunction(F function)
        : function_(std::make_shared<std::function<R(Args...)>>(std::move(function))) {}
    R operator()(Args... args) const { return (*function_)(std::forward<Args>(args)...); }

  private:
    std::shared_ptr<const std::function<R(Args...)>> function_;
};

/// Everything the program knows of one kind of value: the single source for reading it, for the
/// JSON Schema, for the reference page and for showing values in effect.
template <class T>
struct Type {
    /// JSON Schema (draft 2020-12). "title" is what people call the type, as in the reference page.
    Json schema;
    /// Named schemas that `schema` refers to as "#/$defs/NAME".
    Json definitions = Json::object();
    /// Sets the value, or reports what is wrong and leaves it.
    SharedFunction<void(Reader&, const Node&, T&)> read;
    /// The value as it would be written; null when there is none. Secrets stay hidden.
    SharedFunction<Json(const T&)> show;
};

/// Adds the definitions that `from` brings along.
inline void merge_definitions(Json& into, const Json& from) {
    for (const auto& [name, schema] : from.items())
        into[name] = schema;
}

}  // namespace outpost::config
