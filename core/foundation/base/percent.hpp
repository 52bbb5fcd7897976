// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace outpost {

/// A text from a URI without its percent-encoding (RFC 3986 section 2.1); nothing when a percent
/// sign is not followed by two hexadecimal digits.
std::optional<std::string> percent_decode(std::string_view text);

}  // namespace outpost
