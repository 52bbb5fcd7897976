// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
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
    const Type<T>& item, ListForm form = ListForm::or_single, std::size_t most = 10'000
);

/// What names in a map may look like: they appear in SQL, logs and command lines.
bool is_plain_name(std::string_view name) noexcept;

/// Named values. `fix_key` turns a key into its canonical form, or says what is wrong with it; by
/// default keys are plain names.
using KeyRule = std::function<Result<std::string>(std::string_view)>;
KeyRule plain_names();
template <class T>
Type<std::map<std::string, T>> map_of(const Type<T>& item, KeyRule fix_key = plain_names());

/// A value that may be left out.
template <class T>
Type<std::optional<T>> maybe(const Type<T>& inner);

/// A value that its owner keeps in a form of its own, or in several members: `set` (To&, const
/// From&) stores what was read into it, `get` (const To&) takes it back. With the whole settings
/// struct as To, a key may set several members (name it by `itself`).
template <class To, class From, class Set, class Get>
Type<To> stored_as(Type<From> inner, Set set, Get get) {
    return Type<To>(std::make_unique<detail::StoredAs<To, From, Set, Get>>(
        std::move(inner), std::move(set), std::move(get)
    ));
}
inline constexpr auto itself = [](auto& value) -> auto& { return value; };

/// Options for a plugin, which alone knows their names: any scalars, kept as text.
Type<std::map<std::string, std::string>> free_options();

// What the templates are made of: all is done in the base classes, which ask their heirs for no
// more than the container's own operations.
namespace detail {

class AnyList : public Kind {
  public:
    AnyList(AnyType item, ListForm form, std::size_t most);
    void read(Reader& reader, const Node& node, void* value) const final;
    void show(const void* value, Json& out) const final;
    bool same(const void* a, const void* b) const final;
    void list_keys(const KeyInfo& at, std::vector<KeyInfo>& keys) const final;

  private:
    virtual void clear(void* list) const = 0;
    /// The new last item.
    virtual void* append(void* list) const = 0;
    virtual std::size_t length(const void* list) const = 0;
    virtual const void* at(const void* list, std::size_t index) const = 0;

    AnyType item_;
    ListForm form_;
    std::size_t most_;
};

template <class T>
class ListOf final : public AnyList {
  public:
    using AnyList::AnyList;

  private:
    using List = std::vector<T>;
    void clear(void* list) const override { static_cast<List*>(list)->clear(); }
    void* append(void* list) const override { return &static_cast<List*>(list)->emplace_back(); }
    std::size_t length(const void* list) const override {
        return static_cast<const List*>(list)->size();
    }
    const void* at(const void* list, std::size_t index) const override {
        return &(*static_cast<const List*>(list))[index];
    }
};

class AnyMap : public Kind {
  public:
    AnyMap(AnyType item, KeyRule fix_key);
    void read(Reader& reader, const Node& node, void* value) const final;
    void show(const void* value, Json& out) const final;
    bool same(const void* a, const void* b) const final;
    void compare(const void* old, const void* next, RestartKeys& keys) const final;
    void list_keys(const KeyInfo& at, std::vector<KeyInfo>& keys) const final;

  protected:
    using Fill = std::function<void(void*)>;
    using Visit = std::function<void(const std::string&, const void*)>;

  private:
    /// Adds what `fill` makes of a new value. False when the key was there already.
    virtual bool add(void* map, const std::string& key, const Fill& fill) const = 0;
    virtual void each(const void* map, const Visit& visit) const = 0;
    /// Null when there is none.
    virtual const void* find(const void* map, const std::string& key) const = 0;

    AnyType item_;
    KeyRule fix_key_;
};

template <class T>
class MapOf final : public AnyMap {
  public:
    using AnyMap::AnyMap;

  private:
    using Map = std::map<std::string, T>;
    bool add(void* map, const std::string& key, const Fill& fill) const override {
        T value{};
        fill(&value);
        return static_cast<Map*>(map)->emplace(key, std::move(value)).second;
    }
    void each(const void* map, const Visit& visit) const override {
        for (const auto& [key, value] : *static_cast<const Map*>(map))
            visit(key, &value);
    }
    const void* find(const void* map, const std::string& key) const override {
        const auto& all = *static_cast<const Map*>(map);
        const auto found = all.find(key);
        return found == all.end() ? nullptr : &found->second;
    }
};

class AnyMaybe : public Kind {
  public:
    explicit AnyMaybe(AnyType inner);
    void read(Reader& reader, const Node& node, void* value) const final;
    void show(const void* value, Json& out) const final;
    bool same(const void* a, const void* b) const final;
    void compare(const void* old, const void* next, RestartKeys& keys) const final;
    void list_keys(const KeyInfo& at, std::vector<KeyInfo>& keys) const final;

  private:
    /// The value inside, made when there was none.
    virtual void* engage(void* maybe) const = 0;
    /// Null when there is none.
    virtual const void* get(const void* maybe) const = 0;

    AnyType inner_;
};

template <class T>
class MaybeOf final : public AnyMaybe {
  public:
    using AnyMaybe::AnyMaybe;

  private:
    using Maybe = std::optional<T>;
    void* engage(void* maybe) const override {
        auto& value = *static_cast<Maybe*>(maybe);
        if (!value) value.emplace();
        return &*value;
    }
    const void* get(const void* maybe) const override {
        const auto& value = *static_cast<const Maybe*>(maybe);
        return value ? &*value : nullptr;
    }
};

}  // namespace detail

template <class T>
Type<std::vector<T>> list_of(const Type<T>& item, ListForm form, std::size_t most) {
    return Type<std::vector<T>>(std::make_unique<detail::ListOf<T>>(item, form, most));
}

template <class T>
Type<std::map<std::string, T>> map_of(const Type<T>& item, KeyRule fix_key) {
    return Type<std::map<std::string, T>>(
        std::make_unique<detail::MapOf<T>>(item, std::move(fix_key))
    );
}

template <class T>
Type<std::optional<T>> maybe(const Type<T>& inner) {
    return Type<std::optional<T>>(std::make_unique<detail::MaybeOf<T>>(inner));
}

}  // namespace outpost::config
