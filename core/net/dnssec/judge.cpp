// SPDX-License-Identifier: Apache-2.0
#include "core/net/dnssec/judge.hpp"

#include <algorithm>
#include <set>

namespace outpost::dnssec {
namespace {

constexpr std::size_t most_aliases = 16;

/// The zone that signed a set, by its own words; it must be one that the owner can be in.
std::optional<Name> signer_of(const RecordSet& set) {
    for (const Signature& signature : set.signatures) {
        if (set.owner.is_within(signature.signer)) return signature.signer;
    }
    return std::nullopt;
}

/// The zone that can prove absence. DS records are the parent's (RFC 4035 section 5.2).
std::optional<Name> denier_of(const Message& message, const Name& name, TypeNumber type) {
    for (const RecordSet& set : message.authority) {
        if (set.type != type::nsec && set.type != type::nsec3 && set.type != type::soa) continue;
        auto signer = signer_of(set);
        if (!signer || !name.is_within(*signer)) continue;
        if (type == type::ds && *signer == name && !name.is_root()) continue;
        return signer;
    }
    return std::nullopt;
}

/// RFC 6672 section 5.3.1: a CNAME that a server made of a DNAME has no signature; it is right when
/// it is what anybody would make of it.
const RecordSet* source_of(const RecordSet& alias, const Name& target, const Message& message) {
    if (!alias.signatures.empty()) return nullptr;
    for (const RecordSet& set : message.answer) {
        if (set.type != type::dname || !alias.owner.is_below(set.owner) || set.data.size() != 1)
            continue;
        const auto to = Name::from_wire(set.data.front());
        if (to && alias.owner.substituted(set.owner, *to) == target) return &set;
    }
    return nullptr;
}

Claim exists(const Name& name, const RecordSet& set) {
    return {name, &set, set.type, signer_of(set)};
}

}  // namespace

Result<std::vector<Claim>, Fault> claims_of(const Message& message) {
    std::vector<Claim> claims;
    std::set<Name> seen;
    Name name = message.question;
    for (;;) {
        if (!seen.insert(name).second || seen.size() > most_aliases + 1)
            return Err{Fault{code::bogus, message.question.text() + " is an alias without end"}};
        // An alias comes first, as it does for a reader of the answer: a forger may have put one
        // beside honest records.
        const RecordSet* alias = find(message.answer, name, type::cname);
        if (alias == nullptr) {
            const RecordSet* set = find(message.answer, name, message.type);
            if (set == nullptr) break;
            claims.push_back(exists(name, *set));
            return claims;
        }
        const auto target = Name::from_wire(alias->data.front());
        if (alias->data.size() != 1 || !target)
            return Err{Fault{code::bogus, name.text() + " has several CNAMEs, or a broken one"}};
        const RecordSet* source = source_of(*alias, *target, message);
        claims.push_back(exists(name, source != nullptr ? *source : *alias));
        if (message.type == type::cname) return claims;
        name = *target;
    }
    const bool leads_out = !claims.empty() && !message.nxdomain && !message.has_soa;
    if (!leads_out)
        claims.push_back({name, nullptr, message.type, denier_of(message, name, message.type)});
    return claims;
}

Result<Proof, Fault> judge(
    const Claim& claim, const Message& message, const Zone& zone, Seconds now, Budget& budget
) {
    if (claim.set == nullptr) {
        Denial denial(message.authority, zone, now, budget);
        return message.nxdomain ? denial.name_absent(claim.name)
                                : denial.type_absent(claim.name, claim.type);
    }
    const auto verified = verify(*claim.set, zone, now, budget);
    if (!verified) return Err{verified.error()};
    if (!verified->closest_encloser) return Proof{true, verified->ttl};
    Denial denial(message.authority, zone, now, budget);
    auto expanded = denial.expanded(claim.set->owner, *verified->closest_encloser);
    if (expanded) expanded->ttl = std::min(expanded->ttl, verified->ttl);
    return expanded;
}

Result<Delegation, Fault> judge_delegation(
    const Name& name, const Message& message, const Zone& zone, Seconds now, Budget& budget
) {
    if (const RecordSet* set = find(message.answer, name, type::ds)) {
        const auto verified = verify(*set, zone, now, budget);
        if (!verified) return Err{verified.error()};
        if (verified->closest_encloser)
            return Err{Fault{code::bogus, "the DS records of " + name.text() + " are a wildcard's"}
            };
        auto signers = signers_of(*set);
        if (signers.empty())
            return Err{Fault{code::bogus, "the DS records of " + name.text() + " are broken"}};
        return Delegation{std::move(signers), {}, verified->ttl};
    }
    // An alias is not a delegation: the zone that the name is in says so (RFC 2181 section 10.1).
    const RecordSet* alias = find(message.answer, name, type::cname);
    if (alias != nullptr) {
        const auto target = Name::from_wire(alias->data.front());
        const RecordSet* source = target ? source_of(*alias, *target, message) : nullptr;
        const auto verified = verify(source != nullptr ? *source : *alias, zone, now, budget);
        if (!verified) return Err{verified.error()};
        const auto kind = source != nullptr ? Cut::Kind::nothing_below : Cut::Kind::none;
        return Delegation{{}, {kind, verified->ttl, -1}, verified->ttl};
    }
    Denial denial(message.authority, zone, now, budget);
    const auto cut = denial.cut_at(name);
    if (!cut) return Err{cut.error()};
    return Delegation{{}, *cut, cut->ttl};
}

}  // namespace outpost::dnssec
