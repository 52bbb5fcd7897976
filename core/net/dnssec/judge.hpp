// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <vector>

#include "core/net/dnssec/denial.hpp"

/// What a response says, statement by statement, and whether a zone vouches for it. Pure: the
/// caller has found the zones and their keys.
namespace outpost::dnssec {

/// One response, taken apart.
struct Message {
    Name question;
    TypeNumber type = 0;
    bool nxdomain = false;
    bool has_soa = false;  ///< it says itself that nothing more follows (RFC 2308)
    std::vector<RecordSet> answer, authority;
};

/// One statement of a message. Points into it.
struct Claim {
    Name name;                       ///< what it is about
    const RecordSet* set = nullptr;  ///< these records exist; null: they do not
    TypeNumber type = 0;             ///< of the set; where there is none, what is asked for
    /// The zone that the signatures name. Without one nothing is signed, and the zone that the name
    /// is in must be an insecure one.
    std::optional<Name> signer;
};

/// The statements that lead from the question to the answer, in order: each CNAME (or the DNAME
/// that it follows from, RFC 6672), then the records or their absence. A message whose CNAMEs lead
/// out of it ends with the last of them. The error: several CNAMEs at one name, or a chain without
/// end.
Result<std::vector<Claim>, Fault> claims_of(const Message& message);

/// Whether the zone stands behind the claim. `zone` is the one that the claim's name is in.
Result<Proof, Fault> judge(
    const Claim& claim, const Message& message, const Zone& zone, Seconds now, Budget& budget
);

/// What a response to the question for `name`'s DS records says of the border below `zone`.
struct Delegation {
    std::vector<DelegationSigner> signers;  ///< a signed zone begins at the name
    Cut cut;                                ///< where there are none
    std::uint32_t ttl = 0;
};
Result<Delegation, Fault> judge_delegation(
    const Name& name, const Message& message, const Zone& zone, Seconds now, Budget& budget
);

}  // namespace outpost::dnssec
