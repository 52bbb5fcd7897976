// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/foundation/base/clock.hpp"
#include "core/mail/authentication/dkim/key.hpp"
#include "core/mail/message/address.hpp"
#include "core/mail/message/header.hpp"

namespace outpost::dkim {

/// Fields that are signed where they occur (RFC 6376 section 5.4.1, RFC 8058 section 4, RFC 8460
/// section 3).
const std::vector<std::string>& default_headers();
/// Of these, the fields that nobody may add again: named once more than they occur.
const std::vector<std::string>& default_oversigned();

/// How a domain signs.
struct DomainSettings {
    std::map<std::string, std::optional<PrivateKey>> keys;  ///< by selector; none: not read
    std::vector<std::string> sign;                          ///< the selectors that sign; empty: all
    Canonicalization header = Canonicalization::relaxed, body = Canonicalization::relaxed;
    std::vector<std::string> headers = default_headers(), oversigned = default_oversigned();
    std::chrono::seconds expires_after{0};  ///< x=; zero: never

    std::vector<std::string> signing() const;
};

/// A message about to be signed.
struct Unsigned {
    const mail::Header& header;
    const std::vector<std::string>& body;
    const std::string&
        account;  ///< who submitted it; empty: the system itself, or a trusted network
    const mail::Address& mail_from;
    WallTime now;
};

/// The fields to put on top of a message.
struct Signed {
    std::string fields;  ///< empty: not signed
    std::string by;      ///< "example.org 2026a 2026b", for people; empty likewise
};

/// Signs what leaves, with the keys of one configuration. Immutable, so thread-safe.
///
/// **Who signs.** The domain of the author (the first address of the From field), if it has keys,
/// else the nearest domain above it that has: so the signature is aligned for DMARC. If there is
/// none, the domain of the envelope sender or one above, likewise. An account gets only the
/// signature of an address that it may send from.
class Signer {
  public:
    using Domains = std::map<dns::Domain, DomainSettings>;
    /// Whether an account may speak for an address.
    using Permission = std::function<bool(const std::string& account, const mail::Address&)>;

    Signer(Domains domains, Permission may_use);

    /// Hashes the whole body; with RSA of 2048 bits some tenths of a millisecond on top. Throws
    /// std::runtime_error when OpenSSL fails.
    Signed sign(const Unsigned& message) const;

    /// Whether any domain signs by RSA, which takes too long for an event loop.
    bool uses_rsa() const noexcept { return uses_rsa_; }

    /// The domain that would sign; null: none.
    const Domains::value_type* signer_of(
        const mail::Header& header, const std::string& account, const mail::Address& mail_from
    ) const;

  private:
    const Domains::value_type* nearest(const std::string& account, const mail::Address& address)
        const;
    const Domains domains_;
    const Permission may_use_;
    const bool uses_rsa_;
};

/// The signatures of one domain, whoever the author is.
std::string sign_as(
    const dns::Domain& domain, const DomainSettings& settings, const mail::Header& header,
    const std::vector<std::string>& body, WallTime now
);
/// The text of Signed::by for it.
std::string signed_by(const dns::Domain& domain, const DomainSettings& settings);

}  // namespace outpost::dkim
