// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <compare>
#include <string>
#include <string_view>

#include "core/foundation/base/result.hpp"
#include "core/net/dns/domain.hpp"

namespace outpost::mail {

using dns::Domain;

/// A mailbox (RFC 5321 section 4.1.2, RFC 6531 section 3.3): local part and domain, or an address
/// literal in brackets. The null reverse-path is the default-constructed Address.
class Address {
  public:
    Address() = default;
    /// Parses `local@domain`, `"quoted local"@domain`, `local@[192.0.2.1]`,
    /// `local@[IPv6:2001:db8::1]`, without angle brackets. CR, LF, NUL and other controls are
    /// refused wherever they stand; a quoted local part is kept in its shortest equivalent form.
    /// Non-ASCII must be valid UTF-8. The error is a sentence for the person who typed it.
    static Result<Address> parse(std::string_view text);

    bool is_null() const noexcept { return local_.empty() && domain_.empty() && literal_.empty(); }
    /// Unquoted, unescaped content of the local part.
    const std::string& local() const noexcept { return local_; }
    const Domain& domain() const noexcept { return domain_; }
    /// The IP address of an address literal ("192.0.2.1", "2001:db8::1"), else empty.
    const std::string& literal() const noexcept { return literal_; }
    /// True when the local part is not ASCII: only SMTPUTF8 can carry it (an IDN domain has
    /// A-labels).
    bool needs_smtputf8() const noexcept;

    /// As it goes on the wire to an ASCII peer: local part quoted when needed, domain as A-labels,
    /// literals in brackets ("[IPv6:...]"). Empty for the null reverse-path.
    std::string wire() const;
    /// The same with U-labels, for an SMTPUTF8 transaction and for people.
    std::string unicode() const;
    auto operator<=>(const Address&) const = default;

  private:
    std::string local_;
    Domain domain_;
    std::string literal_;
};

}  // namespace outpost::mail
