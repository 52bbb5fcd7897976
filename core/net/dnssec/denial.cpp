// SPDX-License-Identifier: Apache-2.0
#include "core/net/dnssec/denial.hpp"

#include <algorithm>

#include "core/net/dnssec/crypto.hpp"

namespace outpost::dnssec {
namespace {

constexpr std::uint8_t sha1 = 1;  // the only hash of NSEC3
constexpr std::size_t sha1_size = 20;
constexpr std::size_t most_records = 12;  // RFC 5155 needs three, and an answer may need them twice
constexpr std::uint8_t known_flags = 0x01;  // RFC 5155 section 8.2: with others it is ignored

bool is_delegation(const TypeBitmap& types) {
    return types.has(type::ns) && !types.has(type::soa);
}

/// RFC 6840 section 4.1: the parent's record at a delegation, and that of a DNAME, say nothing of
/// what lies below.
bool speaks_of_below(const TypeBitmap& types) {
    return !is_delegation(types) && !types.has(type::dname);
}

/// Whether a record at the name itself shows that it has nothing of this type.
bool lacks(const TypeBitmap& types, TypeNumber type, bool at_root) {
    if (types.has(type) || types.has(type::cname)) return false;
    // At a delegation two zones have a record: DS is the parent's matter, all else the child's.
    return type == type::ds ? !types.has(type::soa) || at_root : !is_delegation(types);
}

bool same_parameters(const Nsec3& a, const Nsec3& b) {
    return a.iterations == b.iterations && a.salt == b.salt && a.zone == b.zone;
}

}  // namespace

Denial::Denial(
    const std::vector<RecordSet>& authority, const Zone& zone, Seconds now, Budget& budget
)
    : zone_(zone), budget_(budget) {
    std::size_t seen = 0;
    for (const RecordSet& set : authority) {
        if (set.type != type::nsec && set.type != type::nsec3) continue;
        if (++seen > most_records) break;
        const auto verified = verify(set, zone, now, budget);
        // One from a wildcard would be another name's (RFC 4035 section 5.4).
        if (!verified || verified->closest_encloser) {
            if (!fault_ && !verified) fault_ = verified.error();
            continue;
        }
        ttl_ = nsec_.empty() && nsec3_.empty() ? verified->ttl : std::min(ttl_, verified->ttl);
        for (const std::string& data : set.data) {
            if (set.type == type::nsec) {
                auto nsec = Nsec::parse(set.owner, data);
                if (nsec) nsec_.push_back(std::move(*nsec));
                continue;
            }
            auto nsec3 = Nsec3::parse(set.owner, data);
            const bool known = nsec3 && nsec3->hash_algorithm == sha1 &&
                               (nsec3->flags & ~known_flags) == 0 && nsec3->zone == zone.apex &&
                               nsec3->owner_hash.size() == sha1_size;
            if (known && (nsec3_.empty() || same_parameters(nsec3_.front(), *nsec3)))
                nsec3_.push_back(std::move(*nsec3));
        }
    }
}

const Nsec* Denial::matching(const Name& name) const {
    const auto found = std::find_if(nsec_.begin(), nsec_.end(), [&](const Nsec& each) {
        return each.owner == name;
    });
    return found == nsec_.end() ? nullptr : &*found;
}

const Nsec* Denial::covering(const Name& name) const {
    const auto found = std::find_if(nsec_.begin(), nsec_.end(), [&](const Nsec& each) {
        if (name <= each.owner) return false;
        const bool is_last = each.next == zone_.apex;  // RFC 4034 section 4.1.1
        if (!is_last && name >= each.next) return false;
        return !name.is_below(each.owner) || speaks_of_below(each.types);
    });
    return found == nsec_.end() ? nullptr : &*found;
}

std::optional<Name> Denial::wildcard_for(const Name& name, const Nsec& covering) const {
    const Name before = common_ancestor(name, covering.owner);
    const Name after = common_ancestor(name, covering.next);
    return (before.labels() > after.labels() ? before : after).wildcard();
}

std::optional<std::string> Denial::hash(const Name& name) {
    if (const auto known = hashes_.find(name); known != hashes_.end()) return known->second;
    if (nsec3_.empty()) return std::nullopt;
    if (!budget_.take_hash()) {
        exhausted_ = true;
        return std::nullopt;
    }
    const Nsec3& any = nsec3_.front();
    return hashes_.emplace(name, nsec3_hash(name, any.salt, any.iterations)).first->second;
}

const Nsec3* Denial::matching3(const Name& name) {
    const auto hashed = hash(name);
    const auto found = std::find_if(nsec3_.begin(), nsec3_.end(), [&](const Nsec3& each) {
        return hashed && each.owner_hash == *hashed;
    });
    return found == nsec3_.end() ? nullptr : &*found;
}

const Nsec3* Denial::covering3(const Name& name) {
    const auto hashed = hash(name);
    const auto found = std::find_if(nsec3_.begin(), nsec3_.end(), [&](const Nsec3& each) {
        if (!hashed) return false;
        const bool after = each.owner_hash < *hashed, before = *hashed < each.next_hash;
        const bool is_last = each.next_hash <= each.owner_hash;  // the circle closes here
        return is_last ? after || before : after && before;
    });
    return found == nsec3_.end() ? nullptr : &*found;
}

/// RFC 5155 section 8.3: the nearest ancestor that exists, for a name that does not.
std::optional<Denial::Enclosed> Denial::enclose(const Name& name) {
    if (!name.is_within(zone_.apex)) return std::nullopt;
    for (Name above = name; above != zone_.apex;) {
        const Name below = above;
        above = above.parent();
        const Nsec3* match = matching3(above);
        if (match == nullptr) continue;
        if (!speaks_of_below(match->types)) return std::nullopt;
        return Enclosed{above, covering3(below)};
    }
    return std::nullopt;
}

bool Denial::too_many_iterations() const {
    return nsec_.empty() && !nsec3_.empty() && nsec3_.front().iterations > most_iterations;
}

Result<Proof, Fault> Denial::unproven(const Name& name, const char* what) const {
    if (exhausted_) return Err{Fault{code::bogus, "too many names to hash for " + name.text()}};
    if (fault_) return Err{*fault_};
    return Err{Fault{code::denial_missing, "no proof that " + name.text() + " " + what}};
}

Result<Proof, Fault> Denial::name_absent(const Name& name) {
    if (too_many_iterations()) return Proof{false, ttl_, code::too_many_iterations};
    // A name before one of its own descendants is an empty non-terminal: it exists.
    if (const Nsec* gap = covering(name); gap != nullptr && !gap->next.is_below(name)) {
        const auto wildcard = wildcard_for(name, *gap);
        if (wildcard && covering(*wildcard) != nullptr) return proof(true);
    }
    if (const auto enclosed = enclose(name); enclosed && enclosed->closer != nullptr) {
        const auto wildcard = enclosed->closest_encloser.wildcard();
        // RFC 5155 section 9.2: an unsigned delegation may hide where opt-out holds.
        if (wildcard && covering3(*wildcard) != nullptr)
            return proof(!enclosed->closer->opts_out());
    }
    return unproven(name, "does not exist");
}

Result<Proof, Fault> Denial::type_absent(const Name& name, TypeNumber type) {
    if (too_many_iterations()) return Proof{false, ttl_, code::too_many_iterations};
    if (const Nsec* match = matching(name)) {
        if (lacks(match->types, type, name.is_root())) return proof(true);
    } else if (const Nsec* gap = covering(name)) {
        if (gap->next.is_below(name)) return proof(true);  // an empty non-terminal
        const auto wildcard = wildcard_for(name, *gap);
        const Nsec* source = wildcard ? matching(*wildcard) : nullptr;
        if (source != nullptr && lacks(source->types, type, false)) return proof(true);
    }
    if (const Nsec3* match = matching3(name)) {
        if (lacks(match->types, type, name.is_root())) return proof(true);
    } else if (const auto enclosed = enclose(name); enclosed && enclosed->closer != nullptr) {
        const bool opts_out = enclosed->closer->opts_out();
        const auto wildcard = enclosed->closest_encloser.wildcard();
        const Nsec3* source = wildcard ? matching3(*wildcard) : nullptr;
        if (source != nullptr && lacks(source->types, type, false)) return proof(!opts_out);
        // RFC 5155 section 8.6, and its erratum 3441 for what lies above an unsigned delegation.
        if (opts_out) return proof(false);
    }
    return unproven(name, "has no such record");
}

Result<Proof, Fault> Denial::expanded(const Name& name, const Name& closest_encloser) {
    if (too_many_iterations()) return Proof{false, ttl_, code::too_many_iterations};
    if (const Nsec* gap = covering(name); gap != nullptr && !gap->next.is_below(name)) {
        if (wildcard_for(name, *gap) == closest_encloser.wildcard()) return proof(true);
    }
    // RFC 5155 section 8.8.
    const Name next_closer = name.last(closest_encloser.labels() + 1);
    if (const Nsec3* gap = covering3(next_closer)) return proof(!gap->opts_out());
    return unproven(name, "has no records of its own beside the wildcard's");
}

Result<Cut, Fault> Denial::cut_at(const Name& name) {
    if (too_many_iterations()) return Cut{Cut::Kind::insecure, ttl_, code::too_many_iterations};
    const Nsec* match = matching(name);
    const Nsec3* match3 = match == nullptr ? matching3(name) : nullptr;
    if (match != nullptr || match3 != nullptr) {
        const TypeBitmap& types = match != nullptr ? match->types : match3->types;
        if (!lacks(types, type::ds, false)) return Err{unproven(name, "has no DS record").error()};
        return Cut{types.has(type::ns) ? Cut::Kind::insecure : Cut::Kind::none, ttl_};
    }
    if (const auto absent = name_absent(name)) {
        const auto kind = absent->secure ? Cut::Kind::nothing_below : Cut::Kind::insecure;
        return Cut{kind, absent->ttl, absent->extended_error};
    }
    const auto absent = type_absent(name, type::ds);
    if (!absent) return Err{absent.error()};
    return Cut{absent->secure ? Cut::Kind::none : Cut::Kind::insecure, absent->ttl};
}

}  // namespace outpost::dnssec
