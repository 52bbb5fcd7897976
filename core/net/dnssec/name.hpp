// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <compare>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "core/foundation/base/result.hpp"

namespace outpost::dnssec {

/// A domain name in wire form and lower case (RFC 4034 section 6.2). Compares in the canonical
/// order of RFC 4034 section 6.1: label by label from the right.
class Name {
  public:
    /// The root.
    Name() : wire_(1, '\0') {}
    /// Presentation form, with or without the last dot, escapes as in RFC 1035 section 5.1.
    static Result<Name> parse(std::string_view text);
    /// Octets that hold one whole uncompressed name and nothing else.
    static std::optional<Name> from_wire(std::string_view octets);
    /// The uncompressed name that these octets begin with.
    static std::optional<Name> prefix_of(std::string_view octets);

    const std::string& wire() const noexcept { return wire_; }
    /// Without the last dot; "." for the root.
    std::string text() const;

    bool is_root() const noexcept { return wire_.size() == 1; }
    /// Labels, the root's empty one not counted: RFC 4034 section 3.1.3, but "*" counts here.
    std::size_t labels() const noexcept;
    bool is_wildcard() const noexcept { return wire_.size() > 2 && wire_.substr(0, 2) == "\x01*"; }
    /// Equal to `ancestor`, or below it.
    bool is_within(const Name& ancestor) const noexcept;
    bool is_below(const Name& ancestor) const noexcept {
        return wire_.size() > ancestor.wire_.size() && is_within(ancestor);
    }
    /// Without its first label. The root has no parent, and is returned.
    Name parent() const;
    /// Its last `labels` labels; the name itself when it has no more.
    Name last(std::size_t labels) const;
    /// With a label in front; nothing when that is too long (RFC 1035 section 3.1).
    std::optional<Name> child(std::string_view label) const;
    std::optional<Name> wildcard() const { return child("*"); }
    std::string_view first_label() const noexcept;
    /// This name with `target` in place of `owner`, at or below which it is: DNAME (RFC 6672).
    std::optional<Name> substituted(const Name& owner, const Name& target) const;

    bool operator==(const Name&) const = default;
    std::strong_ordering operator<=>(const Name& other) const;

  private:
    explicit Name(std::string wire) : wire_(std::move(wire)) {}
    std::string wire_;
};

/// The longest name that both are at or below.
Name common_ancestor(const Name& a, const Name& b);

}  // namespace outpost::dnssec

template <>
struct std::hash<outpost::dnssec::Name> {
    std::size_t operator()(const outpost::dnssec::Name& name) const noexcept {
        return std::hash<std::string>()(name.wire());
    }
};
