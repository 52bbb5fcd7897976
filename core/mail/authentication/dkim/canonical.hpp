// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "core/foundation/base/crypto.hpp"

namespace outpost::dkim {

/// What may happen to a message on its way without breaking the signature (RFC 6376 section 3.4).
enum class Canonicalization {
    simple,   ///< next to nothing
    relaxed,  ///< white space may change, header fields be folded anew
};

/// A header field in canonical form, with its final CRLF. `field` is whole, folded as it came.
std::string canonical_field(Canonicalization form, std::string_view field);

/// Brings a body into canonical form as it comes by, in pieces of any size: nothing is kept but a
/// block of output.
class BodyCanonicalizer {
  public:
    using Sink = std::function<void(std::string_view)>;

    /// `sink` gets the canonical octets in order.
    BodyCanonicalizer(Canonicalization form, Sink sink);

    void feed(std::string_view piece);
    /// The end of the body.
    void finish();

  private:
    void put(char octet);
    void put_content(char octet);
    void end_line();
    void flush();

    const Canonicalization form_;
    const Sink sink_;
    std::string block_;
    std::uint64_t held_lines_ = 0;  // line ends that count only when content follows
    bool written_ = false;          // any content at all
    bool in_line_ = false;          // content since the last line end
    bool space_ = false;            // white space that counts only when content follows (relaxed)
    bool cr_ = false;               // a CR whose LF may follow
};

/// SHA-256 over a canonical body, or over the first octets of it (the tag l=).
class BodyHash {
  public:
    explicit BodyHash(Canonicalization form, std::optional<std::uint64_t> length = std::nullopt);
    BodyHash(const BodyHash&) = delete;
    BodyHash& operator=(const BodyHash&) = delete;

    void feed(std::string_view piece) { canonicalizer_.feed(piece); }
    /// The digest. To be called once, at the end.
    std::string finish();
    /// Octets of the canonical body, hashed or not.
    std::uint64_t octets() const noexcept { return octets_; }

  private:
    void take(std::string_view canonical);

    const std::optional<std::uint64_t> length_;
    std::uint64_t octets_ = 0;
    crypto::Hasher hasher_{crypto::Hash::sha256};
    BodyCanonicalizer canonicalizer_;
};

}  // namespace outpost::dkim
