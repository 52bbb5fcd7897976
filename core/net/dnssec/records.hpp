// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/net/dnssec/name.hpp"

/// Records as DNSSEC sees them: any type, its data in canonical wire form. Pure.
namespace outpost::dnssec {

/// Any number of the registry of types: a signature may cover types that are unknown here.
using TypeNumber = std::uint16_t;

namespace type {
constexpr TypeNumber ns = 2, cname = 5, soa = 6, dname = 39, ds = 43, rrsig = 46, nsec = 47,
                     dnskey = 48, nsec3 = 50;
}

struct Record {
    Name owner;
    TypeNumber type = 0;
    std::uint32_t ttl = 0;
    std::string data;  ///< canonical (RFC 4034 section 6.2): no compression, names in lower case
};

/// RRSIG (RFC 4034 section 3).
struct Signature {
    TypeNumber covered = 0;
    std::uint8_t algorithm = 0;
    std::uint8_t labels = 0;
    std::uint32_t original_ttl = 0;
    std::uint32_t expiration = 0, inception = 0;  ///< seconds, compared as RFC 1982 has it
    std::uint16_t key_tag = 0;
    Name signer;
    std::string fields;  ///< all of the above in wire form: what is signed before the records
    std::string octets;

    static std::optional<Signature> parse(std::string_view data);
};

/// DNSKEY (RFC 4034 section 2).
struct Key {
    std::uint16_t flags = 0;
    std::uint8_t protocol = 0, algorithm = 0;
    std::string public_key;
    std::string data;  ///< the whole record's
    std::uint16_t tag = 0;

    static std::optional<Key> parse(std::string_view data);
    bool is_zone_key() const noexcept { return (flags & 0x0100) != 0; }
    bool is_revoked() const noexcept { return (flags & 0x0080) != 0; }  ///< RFC 5011 section 7
    bool operator==(const Key&) const = default;
};

/// DS (RFC 4034 section 5).
struct DelegationSigner {
    std::uint16_t key_tag = 0;
    std::uint8_t algorithm = 0, digest_type = 0;
    std::string digest;

    static std::optional<DelegationSigner> parse(std::string_view data);
    bool operator==(const DelegationSigner&) const = default;
};

/// The types at a name, in the bitmap of NSEC and NSEC3 (RFC 4034 section 4.1.2).
class TypeBitmap {
  public:
    /// False for octets that are not such a bitmap.
    static std::optional<TypeBitmap> parse(std::string_view octets);
    bool has(TypeNumber type) const noexcept;

  private:
    std::string octets_;
};

/// NSEC (RFC 4034 section 4).
struct Nsec {
    Name owner, next;
    TypeBitmap types;
    static std::optional<Nsec> parse(const Name& owner, std::string_view data);
};

/// NSEC3 (RFC 5155 section 3).
struct Nsec3 {
    Name zone;               ///< the owner without its first label
    std::string owner_hash;  ///< from the owner's first label, base32hex
    std::uint8_t hash_algorithm = 0, flags = 0;
    std::uint16_t iterations = 0;
    std::string salt, next_hash;
    TypeBitmap types;
    bool opts_out() const noexcept { return (flags & 1) != 0; }
    static std::optional<Nsec3> parse(const Name& owner, std::string_view data);
};

/// The records of one owner and type, with the signatures over them (RFC 4035 section 2.2).
struct RecordSet {
    Name owner;
    TypeNumber type = 0;
    std::uint32_t ttl = 0;          ///< the smallest of them
    std::vector<std::string> data;  ///< in canonical order, each once (RFC 4034 section 6.3)
    std::vector<Signature> signatures;
};

/// In the order of their first records. Signatures that cover nothing make no set.
std::vector<RecordSet> group(const std::vector<Record>& records);
const RecordSet* find(const std::vector<RecordSet>& sets, const Name& owner, TypeNumber type);

/// The keys of a DNSKEY set that parse, and the DS records of a DS set.
std::vector<Key> keys_of(const RecordSet& set);
std::vector<DelegationSigner> signers_of(const RecordSet& set);

}  // namespace outpost::dnssec
