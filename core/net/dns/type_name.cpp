// SPDX-License-Identifier: Apache-2.0
#include "core/net/dns/type_name.hpp"

#include <array>
#include <utility>

#include "core/foundation/base/encoding.hpp"

namespace outpost::dns {
namespace {

constexpr std::array<std::pair<std::string_view, Type>, 8> names{{
    {"A", Type::a},
    {"AAAA", Type::aaaa},
    {"CNAME", Type::cname},
    {"MX", Type::mx},
    {"NS", Type::ns},
    {"PTR", Type::ptr},
    {"TLSA", Type::tlsa},
    {"TXT", Type::txt},
}};

}  // namespace

std::string_view text(Type type) noexcept {
    for (const auto& [name, known] : names) {
        if (known == type) return name;
    }
    return "?";
}

std::optional<Type> parse_type(std::string_view name) noexcept {
    for (const auto& [known, type] : names) {
        if (iequals(known, name)) return type;
    }
    return std::nullopt;
}

}  // namespace outpost::dns
