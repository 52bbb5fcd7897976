// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <concepts>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "core/foundation/config/reader.hpp"

namespace outpost::config {

/// Keeps keys in the order in which they were described. Only .cpp files include its definition,
/// which is slow to compile.
using Json = nlohmann::ordered_json;

/// JSON Schema (draft 2020-12) of a kind of value.
struct Schema {
    /// "title" is what people call the kind, as in the reference page.
    std::shared_ptr<const Json> self;
    /// Named schemas that `self` refers to as "#/$defs/NAME".
    std::shared_ptr<const Json> definitions;

    static Schema of(Json self);
    static Schema of(Json self, Json definitions);
    /// From JSON text, which must be right.
    static Schema parse(std::string_view json);
    Schema with_title(std::string_view title) const;
};

class RestartKeys;

/// A key of the configuration: "database.lease", "listeners.NAME.port".
struct KeyInfo {
    std::string path;
    bool restart = false;  ///< a change takes effect after a restart only
};

/// Everything the program knows of one kind of value: the single source for reading it, for the
/// JSON Schema, for the reference page, for showing values in effect and for comparing them. The
/// value's C++ type is erased, so that all of this is compiled once; Type<T> knows it.
class Kind {
  public:
    explicit Kind(Schema schema) : schema_(std::move(schema)) {}
    virtual ~Kind() = default;
    Kind(const Kind&) = delete;
    Kind& operator=(const Kind&) = delete;

    const Schema& schema() const noexcept { return schema_; }
    /// Sets the value, or reports what is wrong and leaves it.
    virtual void read(Reader& reader, const Node& node, void* value) const = 0;
    /// The value as it would be written; leaves null when there is none. Secrets stay hidden.
    virtual void show(const void* value, Json& out) const = 0;
    virtual bool same(const void* a, const void* b) const = 0;
    /// Collects the marked keys that differ.
    virtual void compare(const void* old, const void* next, RestartKeys& keys) const;
    /// Appends the keys below `at`; a single value is a key itself.
    virtual void list_keys(const KeyInfo& at, std::vector<KeyInfo>& keys) const;

  private:
    Schema schema_;
};

/// Shares a Kind. Defined out of line throughout: descriptions make and copy hundreds of them.
class AnyType {
  public:
    explicit AnyType(std::unique_ptr<const Kind> kind);
    AnyType(const AnyType&) noexcept;
    AnyType& operator=(const AnyType&) noexcept;
    ~AnyType();
    const Kind& kind() const noexcept { return *kind_; }
    const Schema& schema() const noexcept { return kind_->schema(); }

  private:
    std::shared_ptr<const Kind> kind_;
};

/// A kind of value that is a T in C++.
template <class T>
class Type : public AnyType {
  public:
    using AnyType::AnyType;
    void read(Reader& reader, const Node& node, T& value) const {
        kind().read(reader, node, &value);
    }
};

namespace detail {
[[noreturn]] void cannot_compare();
}

/// A Kind written for one type.
template <class T>
class KindOf : public Kind {
  public:
    using Kind::Kind;
    void read(Reader& reader, const Node& node, void* value) const final {
        read_value(reader, node, *static_cast<T*>(value));
    }
    void show(const void* value, Json& out) const final {
        show_value(*static_cast<const T*>(value), out);
    }
    bool same(const void* a, const void* b) const final {
        return same_values(*static_cast<const T*>(a), *static_cast<const T*>(b));
    }

  protected:
    virtual void read_value(Reader& reader, const Node& node, T& value) const = 0;
    virtual void show_value(const T& value, Json& out) const = 0;
    virtual bool same_values(const T& a, const T& b) const {
        if constexpr (std::equality_comparable<T>) {
            return a == b;
        } else {
            detail::cannot_compare();
        }
    }
};

}  // namespace outpost::config
