// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/foundation/base/result.hpp"
#include "core/mail/authentication/dkim/canonical.hpp"
#include "core/mail/message/header.hpp"
#include "core/net/dns/domain.hpp"

namespace outpost::dkim {

/// Signing algorithms in use (RFC 8301, RFC 8463). Not rsa-sha1, which has been withdrawn.
enum class Algorithm { rsa_sha256, ed25519_sha256 };
std::string_view text(Algorithm algorithm) noexcept;

/// A longer field of a stranger is not read.
constexpr std::size_t longest_signature = 32 * 1024;

/// What a DKIM-Signature field says (RFC 6376 section 3.5).
struct Signature {
    Algorithm algorithm = Algorithm::rsa_sha256;
    Canonicalization header = Canonicalization::simple, body = Canonicalization::simple;
    dns::Domain domain;                                  ///< d=
    std::string selector;                                ///< s=, as A-labels
    std::string identity;                                ///< i=; empty: "@" and the domain
    std::vector<std::string> headers;                    ///< h=, in its order
    std::string body_hash;                               ///< bh=, octets
    std::string value;                                   ///< b=, octets
    std::optional<std::uint64_t> body_length;            ///< l=: the rest of the body is not signed
    std::optional<std::uint64_t> signed_at, expires_at;  ///< t=, x=: seconds since 1970

    /// Where the public key is: "2026a._domainkey.example.org".
    std::string key_name() const;

    bool operator==(const Signature&) const = default;
};

/// Why we cannot verify a signature field.
struct SignatureFault {
    enum class Kind {
        malformed,   ///< against the RFC, or withdrawn by it
        unsupported  ///< perhaps valid, but unknown to us
    };
    Kind kind = Kind::malformed;
    std::string text;  ///< a sentence for people
};

/// A selector below a domain, as A-labels; the empty domain stands for any.
Result<std::string> parse_selector(std::string_view text, const dns::Domain& domain = {});

/// `value` is what follows the colon of the field. For fields in UTF-8 see RFC 8616 section 5.
Result<Signature, SignatureFault> parse_signature(std::string_view value);

/// The whole field, folded, with its final CRLF. With an empty `value` it is what gets signed (but
/// for the CRLF).
std::string signature_field(const Signature& signature);

/// A whole field as it came, with nothing behind "b=" (section 3.5: with all white space around).
/// The field unchanged when it is not a tag-list.
std::string without_value(std::string_view field);

/// What a signature's own value is made over: SHA-256 of the fields that h= names, picked from the
/// bottom up (section 5.4.2), and of the signature field itself (section 3.7).
/// `header`: the message's; `field`: the signature's whole field with an empty value; `self`: which
/// of the header's fields it is, none while it is being made.
std::string header_digest(
    const mail::Header& header, const Signature& signature, std::string_view field,
    std::optional<std::size_t> self = std::nullopt
);

}  // namespace outpost::dkim
