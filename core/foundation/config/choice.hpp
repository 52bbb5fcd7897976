// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <variant>

#include "core/foundation/config/spec.hpp"

namespace outpost::config {

namespace detail {

/// One struct that a choice may be, with its type erased.
class Alternative {
  public:
    virtual ~Alternative() = default;
    /// Makes the variant hold the value that reading starts from. Returns that value.
    virtual void* choose(void* variant) const = 0;
    /// The value that it holds, null when that is another alternative.
    virtual const void* held(const void* variant) const = 0;
};

template <class V, class A>
class AlternativeOf final : public Alternative {
  public:
    using SameWord = bool (*)(const A& value, const A& initial);
    AlternativeOf(A initial, SameWord same_word)
        : initial_(std::move(initial)), same_word_(same_word) {}
    void* choose(void* variant) const override {
        return &static_cast<V*>(variant)->template emplace<A>(initial_);
    }
    const void* held(const void* variant) const override {
        const A* value = std::get_if<A>(static_cast<const V*>(variant));
        return value && (!same_word_ || same_word_(*value, initial_)) ? value : nullptr;
    }

  private:
    A initial_;
    SameWord same_word_;
};

class ChoiceBuilder {
  public:
    ChoiceBuilder(std::string_view name, std::string_view doc);
    ~ChoiceBuilder();
    void add(
        std::string_view word, const AnyType& object, std::shared_ptr<const Alternative> alternative
    );
    std::unique_ptr<const Kind> build() const;

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace detail

/// Describes a value that is one of several structs, told apart by its key `type`. V is a
/// std::variant.
template <class V>
class Choice {
  public:
    /// `name` is how the schema and the reference page call it.
    Choice(std::string_view name, std::string_view doc) : builder_(name, doc) {}

    /// `object` comes from a Spec; `word` is what `type` says for it. Where several words make the
    /// same struct, `initial` is what reading starts from, and `same_word` tells whether a value
    /// has the word of that one.
    template <class A>
    Choice& alternative(
        std::string_view word, const Type<A>& object, A initial = {},
        bool (*same_word)(const A& value, const A& initial) = nullptr
    ) {
        builder_.add(
            word, object,
            std::make_shared<const detail::AlternativeOf<V, A>>(std::move(initial), same_word)
        );
        return *this;
    }
    Type<V> type() const { return Type<V>(builder_.build()); }

  private:
    detail::ChoiceBuilder builder_;
};

}  // namespace outpost::config
