// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/foundation/base/result.hpp"
#include "core/net/dnssec/records.hpp"

/// Signatures over sets of records (RFC 4035 section 5.3). Pure: time comes in as a value.
namespace outpost::dnssec {

/// Why validation failed: the info code of RFC 8914 that a resolver would give, and a sentence.
struct Fault {
    int extended_error = 6;
    std::string text;
};

/// The codes of RFC 8914 that validation has use for.
namespace code {
constexpr int unsupported_algorithm = 1, unsupported_digest = 2, bogus = 6, expired = 7,
              not_yet_valid = 8, key_missing = 9, signatures_missing = 10, no_zone_key = 11,
              denial_missing = 12, expired_before_valid = 25, too_many_iterations = 27;
}

/// What the validation of one answer may cost, whatever a hostile zone puts in the way: many keys
/// with one tag and many signatures (KeyTrap, CVE-2023-50387), names that take many hashes
/// (CVE-2023-50868). Honest answers stay far below. What exceeds it is bogus.
class Budget {
  public:
    bool may_check() const noexcept { return checks_ > 0 && failures_ > 0; }
    void checked(bool good) noexcept {
        --checks_;
        if (!good) --failures_;
    }
    /// For each name that is hashed, with whatever iterations.
    bool take_hash() noexcept { return hashes_ > 0 && hashes_-- > 0; }
    int checks_left() const noexcept { return checks_; }

  private:
    int checks_ = 128;
    int failures_ = 16;
    int hashes_ = 256;
};

/// A zone whose keys are trusted.
struct Zone {
    Name apex;
    std::vector<Key> keys;
};

/// Seconds since 1970, as RRSIG has them.
using Seconds = std::int64_t;

struct Verified {
    std::uint32_t ttl = 0;  ///< RFC 4035 section 5.3.3: no longer than the signature is valid
    /// Set where the records come from a wildcard (RFC 4035 section 5.3.4): the name below which
    /// nothing may lie that is closer to the owner.
    std::optional<Name> closest_encloser;
};

/// Whether some signature of the zone over the set is valid now.
Result<Verified, Fault> verify(const RecordSet& set, const Zone& zone, Seconds now, Budget& budget);

/// What a DNSKEY set comes to, given what its parent (or a trust anchor) says of its keys.
struct ZoneKeys {
    std::vector<Key> keys;  ///< empty: only algorithms unknown here, so the zone is insecure
    std::uint32_t ttl = 0;
    int extended_error = -1;  ///< why insecure
};

/// RFC 4035 section 5.2: a zone whose DS records have only algorithms and digests that are unknown
/// here is insecure. The code that says so, or -1: it can be validated.
int why_insecure(const std::vector<DelegationSigner>& signers);

/// RFC 4035 section 5.2 with RFC 6840 section 5.2: the set must be signed by a key that one of the
/// DS records means. `signers` is not empty.
Result<ZoneKeys, Fault> verify_keys(
    const RecordSet& set, const std::vector<DelegationSigner>& signers, Seconds now, Budget& budget
);
/// The same where whole keys are trusted.
Result<ZoneKeys, Fault> verify_keys(
    const RecordSet& set, const std::vector<Key>& trusted, Seconds now, Budget& budget
);

}  // namespace outpost::dnssec
