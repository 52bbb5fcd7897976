// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <string_view>

namespace outpost::smtp {

/// What a message asks of TLS (RFC 8689).
enum class TlsWish {
    standard,     ///< nothing: what the policies ask for
    required,     ///< REQUIRETLS
    not_required  ///< TLS-Required: No
};
/// "default", "yes" or "no": whether TLS is required, as commands and notifications say it. "yes"
/// and "no" are what PostgreSQL reads as a boolean.
std::string_view to_string(TlsWish wish) noexcept;
/// Ignores case.
std::optional<TlsWish> parse_tls_wish(std::string_view text) noexcept;

}  // namespace outpost::smtp
