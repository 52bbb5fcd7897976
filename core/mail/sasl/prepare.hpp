// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <string_view>

#include "core/foundation/base/secret.hpp"

namespace outpost::sasl {

/// SASLprep (RFC 4013), so that names and passwords typed in another Unicode form still fit. Text
/// that it refuses (not UTF-8, control characters) is used as it is, as PostgreSQL does: both sides
/// then compare octets.
Secret prepare(const Secret& password);
std::string prepare(std::string_view username);

/// True when no octet is a control character, which would break out of a message's framing.
bool is_printable(std::string_view text) noexcept;

}  // namespace outpost::sasl
