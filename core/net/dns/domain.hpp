// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <compare>
#include <string>
#include <string_view>
#include <vector>

#include "core/foundation/base/result.hpp"

namespace outpost::dns {

/// A domain name: held in lower case as A-labels (RFC 5890), without a trailing dot, so that equal
/// names compare equal. The empty domain stands for "none" (null sender, address literal).
class Domain {
  public:
    Domain() = default;
    /// Takes A-labels or U-labels (non-transitional UTS 46); refuses empty labels, labels over 63
    /// and names over 253 octets, IPv4-looking names, and characters outside letters, digits,
    /// hyphen and underscore (the last is tolerated because real MX names have it).
    static Result<Domain> parse(std::string_view text);

    const std::string& ascii() const noexcept { return ascii_; }
    /// U-labels, for people and for SMTPUTF8 peers.
    std::string unicode() const;
    bool empty() const noexcept { return ascii_.empty(); }
    /// True for names strictly below `parent`: a.example.org is below example.org.
    bool is_below(const Domain& parent) const noexcept;
    auto operator<=>(const Domain&) const = default;

  private:
    std::string ascii_;
};

}  // namespace outpost::dns
