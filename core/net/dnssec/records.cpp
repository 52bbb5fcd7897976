// SPDX-License-Identifier: Apache-2.0
#include "core/net/dnssec/records.hpp"

#include <algorithm>
#include <unordered_map>

namespace outpost::dnssec {
namespace {

/// Takes fields from the front of some octets; remembers when they ran out.
class Fields {
  public:
    explicit Fields(std::string_view octets) : rest_(octets) {}

    std::uint32_t number(std::size_t octets) {
        std::uint32_t value = 0;
        for (const char octet : bytes(octets))
            value = value << 8 | static_cast<unsigned char>(octet);
        return value;
    }
    std::uint8_t u8() { return static_cast<std::uint8_t>(number(1)); }
    std::uint16_t u16() { return static_cast<std::uint16_t>(number(2)); }
    std::uint32_t u32() { return number(4); }
    std::string_view bytes(std::size_t count) {
        if (count > rest_.size()) {
            good_ = false;
            return {};
        }
        const auto taken = rest_.substr(0, count);
        rest_.remove_prefix(count);
        return taken;
    }
    Name name() {
        auto name = Name::prefix_of(rest_);
        if (!name) {
            good_ = false;
            return {};
        }
        rest_.remove_prefix(name->wire().size());
        return std::move(*name);
    }
    std::string_view rest() { return bytes(rest_.size()); }
    std::size_t left() const noexcept { return rest_.size(); }
    bool good() const noexcept { return good_; }

  private:
    std::string_view rest_;
    bool good_ = true;
};

/// RFC 4034 appendix B: not a checksum, and not unique.
std::uint16_t key_tag(std::string_view data) {
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i < data.size(); ++i) {
        const auto octet = static_cast<unsigned char>(data[i]);
        sum += (i & 1) != 0 ? octet : static_cast<std::uint32_t>(octet) << 8;
    }
    sum += sum >> 16 & 0xffff;
    return static_cast<std::uint16_t>(sum);
}

/// RFC 4648 section 7, without padding, in lower case (owners are).
std::optional<std::string> base32hex(std::string_view text) {
    std::string out;
    std::uint32_t bits = 0;
    unsigned held = 0;
    for (const char c : text) {
        std::uint32_t value = 0;
        if (c >= '0' && c <= '9')
            value = static_cast<std::uint32_t>(c - '0');
        else if (c >= 'a' && c <= 'v')
            value = static_cast<std::uint32_t>(c - 'a' + 10);
        else
            return std::nullopt;
        bits = (bits << 5 | value) & 0xffff;
        held += 5;
        if (held < 8) continue;
        held -= 8;
        out += static_cast<char>(bits >> held & 0xff);
    }
    return out;
}

}  // namespace

std::optional<Signature> Signature::parse(std::string_view data) {
    Signature s;
    Fields fields(data);
    s.covered = fields.u16();
    s.algorithm = fields.u8();
    s.labels = fields.u8();
    s.original_ttl = fields.u32();
    s.expiration = fields.u32();
    s.inception = fields.u32();
    s.key_tag = fields.u16();
    s.signer = fields.name();
    if (!fields.good()) return std::nullopt;
    s.fields = std::string(data.substr(0, data.size() - fields.left()));
    s.octets = std::string(fields.rest());
    return s;
}

std::optional<Key> Key::parse(std::string_view data) {
    Key key;
    Fields fields(data);
    key.flags = fields.u16();
    key.protocol = fields.u8();
    key.algorithm = fields.u8();
    key.public_key = std::string(fields.rest());
    if (!fields.good() || key.public_key.empty()) return std::nullopt;
    key.data = std::string(data);
    key.tag = key_tag(data);
    return key;
}

std::optional<DelegationSigner> DelegationSigner::parse(std::string_view data) {
    DelegationSigner signer;
    Fields fields(data);
    signer.key_tag = fields.u16();
    signer.algorithm = fields.u8();
    signer.digest_type = fields.u8();
    signer.digest = std::string(fields.rest());
    return fields.good() && !signer.digest.empty() ? std::optional(std::move(signer))
                                                   : std::nullopt;
}

std::optional<TypeBitmap> TypeBitmap::parse(std::string_view octets) {
    TypeBitmap bitmap;
    bitmap.octets_ = std::string(octets);
    Fields fields(octets);
    int last_window = -1;
    while (fields.good() && fields.left() > 0) {
        const int window = fields.u8();
        const std::size_t length = fields.u8();
        fields.bytes(length);
        if (window <= last_window || length == 0 || length > 32) return std::nullopt;
        last_window = window;
    }
    return fields.good() ? std::optional(std::move(bitmap)) : std::nullopt;
}

bool TypeBitmap::has(TypeNumber type) const noexcept {
    Fields fields(octets_);
    while (fields.left() > 0) {
        const unsigned window = fields.u8();
        const std::string_view map = fields.bytes(fields.u8());
        if (window != type >> 8) continue;
        const std::size_t at = (type & 0xff) / 8;
        return at < map.size() && (static_cast<unsigned char>(map[at]) & 0x80 >> type % 8) != 0;
    }
    return false;
}

std::optional<Nsec> Nsec::parse(const Name& owner, std::string_view data) {
    Fields fields(data);
    Name next = fields.name();
    auto types = TypeBitmap::parse(fields.rest());
    if (!fields.good() || !types) return std::nullopt;
    return Nsec{owner, std::move(next), std::move(*types)};
}

std::optional<Nsec3> Nsec3::parse(const Name& owner, std::string_view data) {
    if (owner.is_root()) return std::nullopt;
    Nsec3 nsec3;
    nsec3.zone = owner.parent();
    auto owner_hash = base32hex(owner.first_label());
    Fields fields(data);
    nsec3.hash_algorithm = fields.u8();
    nsec3.flags = fields.u8();
    nsec3.iterations = fields.u16();
    nsec3.salt = std::string(fields.bytes(fields.u8()));
    nsec3.next_hash = std::string(fields.bytes(fields.u8()));
    auto types = TypeBitmap::parse(fields.rest());
    if (!fields.good() || !types || !owner_hash) return std::nullopt;
    if (owner_hash->size() != nsec3.next_hash.size()) return std::nullopt;
    nsec3.owner_hash = std::move(*owner_hash);
    nsec3.types = std::move(*types);
    return nsec3;
}

std::vector<RecordSet> group(const std::vector<Record>& records) {
    std::vector<RecordSet> sets;
    std::unordered_map<std::string, std::size_t> known;  // a packet may hold thousands
    const auto key = [](const Name& owner, TypeNumber type) {
        return std::to_string(type) + " " + owner.wire();
    };
    for (const Record& record : records) {
        if (record.type == type::rrsig) continue;
        const auto [at, is_new] = known.emplace(key(record.owner, record.type), sets.size());
        if (is_new) sets.push_back({record.owner, record.type, record.ttl, {}, {}});
        RecordSet& set = sets[at->second];
        set.ttl = std::min(set.ttl, record.ttl);
        set.data.push_back(record.data);
    }
    for (RecordSet& set : sets) {
        std::sort(set.data.begin(), set.data.end());
        set.data.erase(std::unique(set.data.begin(), set.data.end()), set.data.end());
    }
    for (const Record& record : records) {
        auto signature = record.type == type::rrsig ? Signature::parse(record.data) : std::nullopt;
        if (!signature) continue;
        const auto at = known.find(key(record.owner, signature->covered));
        if (at != known.end()) sets[at->second].signatures.push_back(std::move(*signature));
    }
    return sets;
}

const RecordSet* find(const std::vector<RecordSet>& sets, const Name& owner, TypeNumber type) {
    const auto found = std::find_if(sets.begin(), sets.end(), [&](const RecordSet& set) {
        return set.type == type && set.owner == owner;
    });
    return found == sets.end() ? nullptr : &*found;
}

std::vector<Key> keys_of(const RecordSet& set) {
    std::vector<Key> keys;
    for (const std::string& data : set.data) {
        if (auto key = Key::parse(data)) keys.push_back(std::move(*key));
    }
    return keys;
}

std::vector<DelegationSigner> signers_of(const RecordSet& set) {
    std::vector<DelegationSigner> signers;
    for (const std::string& data : set.data) {
        if (auto signer = DelegationSigner::parse(data)) signers.push_back(std::move(*signer));
    }
    return signers;
}

}  // namespace outpost::dnssec
