// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <string_view>

#include "core/net/dns/resolver.hpp"

namespace outpost::dns {

/// "TXT"; "?" for the types that only DNSSEC itself is made of.
std::string_view text(Type type) noexcept;
/// The type of that name, in upper or lower case; none for a name that `text` does not know.
std::optional<Type> parse_type(std::string_view name) noexcept;

}  // namespace outpost::dns
