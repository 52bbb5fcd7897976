// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string_view>
#include <type_traits>

#include "core/foundation/config/collections.hpp"

namespace outpost::config {

namespace detail {

/// Gathers the keys of a struct whose type is erased: a key is the place of a member and a type.
class ObjectBuilder {
  public:
    using Rule = void (*)();
    /// Calls a rule, which it knows the type of.
    using CallRule = void (*)(Rule rule, Reader& reader, const Node& node, const void* value);

    ObjectBuilder(std::string_view name, std::string_view doc, std::size_t size);
    ~ObjectBuilder();
    /// `member` is that of `defaults`.
    void add(
        std::string_view name, const AnyType& type, std::string_view doc, bool required,
        const void* defaults, const void* member
    );
    void mark_last_restart();
    void add_rule(Rule rule, CallRule call);
    std::unique_ptr<const Kind> build() const;

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace detail

/// Describes the keys of one settings struct, each once:
///
///     Spec<Proxy>("proxy", "A SOCKS5 proxy.")
///         .required("host", &Proxy::host, words(), "Name or address of the proxy.")
///         .key("port", &Proxy::port, integer<std::uint16_t>(1, 65535), "Its port.").restart()
///         .type()
///
/// Defaults are those of a default-constructed T. A member is named by a pointer to it or, when it
/// lies deeper, by a function from T& to a reference to a part of T.
template <class T>
class Spec {
  public:
    /// `name` is how the schema and the reference page call it.
    Spec(std::string_view name, std::string_view doc) : builder_(name, doc, sizeof(T)) {}

    template <class M>
    Spec& key(std::string_view name, M T::* member, const Type<M>& type, std::string_view doc) {
        builder_.add(name, type, doc, false, &defaults_, &(defaults_.*member));
        return *this;
    }
    template <class M>
    Spec& required(
        std::string_view name, M T::* member, const Type<M>& type, std::string_view doc
    ) {
        builder_.add(name, type, doc, true, &defaults_, &(defaults_.*member));
        return *this;
    }
    template <class Access, class M>
    Spec& key(std::string_view name, Access access, const Type<M>& type, std::string_view doc) {
        static_assert(
            std::is_same_v<std::invoke_result_t<Access, T&>, M&>,
            "the member and its type description differ"
        );
        builder_.add(name, type, doc, false, &defaults_, &access(defaults_));
        return *this;
    }

    /// The key before this takes effect at the next start of the server, not when the file is
    /// read again: SIGHUP warns when it has changed, and the reference says so.
    Spec& restart() {
        builder_.mark_last_restart();
        return *this;
    }
    /// A rule over several keys, asked once all of them have been read.
    Spec& check(void (*rule)(Reader&, const Node&, const T&)) {
        builder_.add_rule(reinterpret_cast<detail::ObjectBuilder::Rule>(rule), call_rule);
        return *this;
    }

    Type<T> type() const { return Type<T>(builder_.build()); }

  private:
    static void call_rule(
        detail::ObjectBuilder::Rule rule, Reader& reader, const Node& node, const void* value
    ) {
        reinterpret_cast<void (*)(Reader&, const Node&, const T&)>(rule)(
            reader, node, *static_cast<const T*>(value)
        );
    }

    T defaults_{};
    detail::ObjectBuilder builder_;
};

}  // namespace outpost::config
