// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <string>
#include <string_view>

/// The parameters by which a submitter says what it wants to be told (RFC 3461).
namespace outpost::smtp {

/// What the submitter asked to be told (RFC 3461 section 4.1). The default is failure and delay.
struct Notify {
    bool never = false, success = false, failure = false, delay = false;
    bool unspecified() const noexcept { return !never && !success && !failure && !delay; }
    bool wants_failure() const noexcept { return failure || unspecified(); }
    bool wants_delay() const noexcept { return delay || unspecified(); }
    /// "NEVER", "SUCCESS,FAILURE", empty when unspecified: the form on the wire and in the queue.
    std::string to_string() const;
    static std::optional<Notify> parse(std::string_view text);
    bool operator==(const Notify&) const = default;
};

/// Whole-message DSN return (RFC 3461 section 4.3): full message, headers, or as the server likes.
enum class Ret { unspecified, full, headers };
/// "FULL", "HDRS", empty when unspecified.
std::string_view to_string(Ret ret) noexcept;
/// "FULL" or "HDRS", in any case.
std::optional<Ret> parse_ret(std::string_view text) noexcept;

}  // namespace outpost::smtp
