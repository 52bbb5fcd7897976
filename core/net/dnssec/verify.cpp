// SPDX-License-Identifier: Apache-2.0
#include "core/net/dnssec/verify.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/net/dnssec/crypto.hpp"

namespace outpost::dnssec {
namespace {

constexpr std::size_t most_signatures = 8;     // tried for one set
constexpr std::size_t most_keys_of_a_tag = 4;  // honest zones rarely have even two

/// RFC 1982: how far `b` is ahead of `a` on the circle of 32-bit numbers.
std::int32_t ahead(std::uint32_t a, std::uint32_t b) {
    return static_cast<std::int32_t>(b - a);
}

void append_u16(std::string& out, std::size_t value) {
    out += static_cast<char>(value >> 8 & 0xff);
    out += static_cast<char>(value & 0xff);
}

/// RFC 4034 section 3.1.8.1.
std::string signed_data(const RecordSet& set, const Signature& signature, const Name& owner) {
    std::string out = signature.fields;
    for (const std::string& data : set.data) {
        out += owner.wire();
        append_u16(out, set.type);
        append_u16(out, 1);  // class IN
        append_u16(out, signature.original_ttl >> 16);
        append_u16(out, signature.original_ttl);
        append_u16(out, data.size());
        out += data;
    }
    return out;
}

/// The failure of the signature that came furthest says most.
class Worst {
  public:
    explicit Worst(Fault fault) : fault_(std::move(fault)) {}
    void note(int progress, int code, std::string text) {
        if (progress <= progress_) return;
        progress_ = progress;
        fault_ = {code, std::move(text)};
    }
    Fault take() { return std::move(fault_); }

  private:
    int progress_ = 0;
    Fault fault_;
};

/// Tries the signatures of one set with the keys of one zone.
class Check {
  public:
    Check(const RecordSet& set, const Zone& zone, Seconds now, Budget& budget)
        : set_(set),
          zone_(zone),
          now_(static_cast<std::uint32_t>(now)),
          budget_(budget),
          worst_({code::signatures_missing, what() + " is not signed by " + zone.apex.text()}) {}

    Result<Verified, Fault> run() {
        std::size_t tried = 0;
        for (const Signature& signature : set_.signatures) {
            if (!is_for_us(signature) || !is_in_time(signature)) continue;
            if (++tried > most_signatures) break;
            if (holds(signature)) return verified(signature);
        }
        return Err{worst_.take()};
    }

  private:
    std::string what() const { return fmt::format("{} type {}", set_.owner.text(), set_.type); }

    /// "*" does not count as a label here (RFC 4034 section 3.1.3).
    std::size_t owner_labels() const {
        return set_.owner.labels() - (set_.owner.is_wildcard() ? 1 : 0);
    }

    bool is_for_us(const Signature& signature) {
        if (signature.signer != zone_.apex || !set_.owner.is_within(zone_.apex)) return false;
        if (signature.labels > owner_labels() || signature.labels < zone_.apex.labels())
            return false;
        if (is_supported_algorithm(signature.algorithm)) return true;
        worst_.note(
            1, code::unsupported_algorithm,
            fmt::format("{} is signed with algorithm {}", what(), signature.algorithm)
        );
        return false;
    }

    bool is_in_time(const Signature& signature) {
        if (ahead(signature.inception, signature.expiration) < 0) {
            worst_.note(
                2, code::expired_before_valid,
                "the signature over " + what() + " expires before it begins"
            );
            return false;
        }
        if (ahead(now_, signature.expiration) < 0) {
            worst_.note(3, code::expired, "the signature over " + what() + " has expired");
            return false;
        }
        if (ahead(signature.inception, now_) < 0) {
            worst_.note(
                3, code::not_yet_valid, "the signature over " + what() + " is not valid yet"
            );
            return false;
        }
        return true;
    }

    bool holds(const Signature& signature) {
        // A signature with fewer labels is one over the wildcard that the owner was made from.
        const bool expanded = signature.labels < owner_labels();
        const auto owner =
            expanded ? set_.owner.last(signature.labels).wildcard() : std::optional(set_.owner);
        if (!owner) return false;
        std::size_t tried = 0;
        std::string data;
        for (const Key& key : zone_.keys) {
            if (key.tag != signature.key_tag || key.algorithm != signature.algorithm) continue;
            if (++tried > most_keys_of_a_tag) break;
            if (!budget_.may_check()) {
                worst_.note(9, code::bogus, "too many signatures to check for " + what());
                return false;
            }
            if (data.empty()) data = signed_data(set_, signature, *owner);
            const bool good = is_signed(data, key, signature.octets);
            budget_.checked(good);
            if (good) return true;
        }
        if (tried == 0) {
            worst_.note(
                4, code::key_missing,
                fmt::format(
                    "{} has no key {} that signed {}", zone_.apex.text(), signature.key_tag, what()
                )
            );
        } else {
            worst_.note(5, code::bogus, "the signature over " + what() + " is wrong");
        }
        return false;
    }

    Verified verified(const Signature& signature) const {
        Verified out;
        const auto left = static_cast<std::uint32_t>(ahead(now_, signature.expiration));
        out.ttl = std::min({set_.ttl, signature.original_ttl, left});
        if (signature.labels < owner_labels())
            out.closest_encloser = set_.owner.last(signature.labels);
        return out;
    }

    const RecordSet& set_;
    const Zone& zone_;
    std::uint32_t now_;
    Budget& budget_;
    Worst worst_;
};

/// May sign a zone (RFC 4034 section 2.1.1); a revoked key may no more (RFC 5011 section 2.1).
bool may_sign(const Key& key) {
    return key.is_zone_key() && !key.is_revoked() && key.protocol == 3;
}

/// The set, once it is known to be signed by one of `entries`.
Result<ZoneKeys, Fault> signed_by(
    const RecordSet& set, std::vector<Key> entries, Seconds now, Budget& budget
) {
    if (entries.empty())
        return Err{Fault{code::key_missing, "no key of " + set.owner.text() + " is vouched for"}};
    const Zone zone{set.owner, std::move(entries)};
    const auto verified = verify(set, zone, now, budget);
    if (!verified) return Err{verified.error()};
    ZoneKeys out;
    out.ttl = verified->ttl;
    for (Key& key : keys_of(set)) {
        if (may_sign(key) && is_supported_algorithm(key.algorithm))
            out.keys.push_back(std::move(key));
    }
    return out;
}

bool is_usable(const DelegationSigner& signer) {
    return is_supported_algorithm(signer.algorithm) && is_supported_digest(signer.digest_type);
}

/// RFC 4509 section 3: SHA-1 does not count beside a stronger digest.
std::vector<DelegationSigner> usable(const std::vector<DelegationSigner>& signers) {
    constexpr std::uint8_t sha1 = 1;
    std::vector<DelegationSigner> out;
    std::copy_if(signers.begin(), signers.end(), std::back_inserter(out), is_usable);
    const bool has_stronger = std::any_of(out.begin(), out.end(), [](const auto& each) {
        return each.digest_type != sha1;
    });
    if (has_stronger) std::erase_if(out, [](const auto& each) { return each.digest_type == sha1; });
    return out;
}

}  // namespace

Result<Verified, Fault> verify(
    const RecordSet& set, const Zone& zone, Seconds now, Budget& budget
) {
    return Check(set, zone, now, budget).run();
}

int why_insecure(const std::vector<DelegationSigner>& signers) {
    if (std::any_of(signers.begin(), signers.end(), is_usable)) return -1;
    const bool known_algorithm = std::any_of(signers.begin(), signers.end(), [](const auto& each) {
        return is_supported_algorithm(each.algorithm);
    });
    return known_algorithm ? code::unsupported_digest : code::unsupported_algorithm;
}

Result<ZoneKeys, Fault> verify_keys(
    const RecordSet& set, const std::vector<DelegationSigner>& signers, Seconds now, Budget& budget
) {
    if (const int reason = why_insecure(signers); reason >= 0) return ZoneKeys{{}, set.ttl, reason};
    const auto wanted = usable(signers);
    std::vector<Key> entries;
    bool matched = false;
    for (const Key& key : keys_of(set)) {
        for (const DelegationSigner& signer : wanted) {
            if (signer.key_tag != key.tag || !is_digest_of(signer, set.owner, key)) continue;
            matched = true;
            if (may_sign(key) && std::find(entries.begin(), entries.end(), key) == entries.end())
                entries.push_back(key);
        }
    }
    if (matched && entries.empty())
        return Err{Fault{code::no_zone_key, set.owner.text() + " signs with a key that may not"}};
    return signed_by(set, std::move(entries), now, budget);
}

Result<ZoneKeys, Fault> verify_keys(
    const RecordSet& set, const std::vector<Key>& trusted, Seconds now, Budget& budget
) {
    std::vector<Key> entries;
    for (Key& key : keys_of(set)) {
        const bool is_trusted = std::find(trusted.begin(), trusted.end(), key) != trusted.end();
        if (is_trusted && may_sign(key)) entries.push_back(std::move(key));
    }
    return signed_by(set, std::move(entries), now, budget);
}

}  // namespace outpost::dnssec
