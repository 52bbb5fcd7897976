// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "core/foundation/base/result.hpp"

namespace outpost::mta_sts {

enum class Mode { enforce, testing, none };
std::string_view text(Mode mode) noexcept;  ///< "enforce", "testing", "none"
/// The reverse; false when it is none of these words.
bool parse(std::string_view word, Mode& mode) noexcept;

/// A policy as its domain publishes it (RFC 8461 section 3.2). Pure value.
struct Policy {
    Mode mode = Mode::none;
    std::chrono::seconds max_age{};  ///< at most a year, whatever the text says
    /// Host names as A-labels in lower case, or "*." and such a name.
    std::vector<std::string> mx;
    std::string text;  ///< as it was served: what TLS reports quote
    bool operator==(const Policy&) const = default;
};

/// Lines may end with LF or CRLF; unknown fields are ignored; of fields that occur twice the first
/// counts, except `mx`. U-labels become A-labels. The error is a sentence for people.
Result<Policy> parse_policy(std::string_view text);

/// Whether the policy names this host (section 4.1): a wildcard stands for exactly one label.
/// `host`: A-labels in lower case.
bool names_host(const Policy& policy, std::string_view host) noexcept;

}  // namespace outpost::mta_sts
