// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <string>

#include "core/foundation/base/clock.hpp"
#include "core/foundation/base/result.hpp"
#include "core/net/dns/resolver.hpp"
#include "policies/mta_sts/record.hpp"
#include "policies/mta_sts/store.hpp"

/// What follows from a domain's record and from what is stored of it. Pure.
namespace outpost::mta_sts {

/// The id in the record of a domain, or why there is none.
using Lookup = Result<std::string, Trouble>;
Lookup read_lookup(const Result<dns::Answer, dns::Failure>& answer);

/// For a delivery (RFC 8461 section 5.1).
struct Decision {
    Standing standing;                 ///< what holds unless a fetch says otherwise
    std::optional<std::string> fetch;  ///< the policy of this id is to be fetched first
};
Decision decide(const Lookup& lookup, const Entry& entry, WallTime now);

/// What holds after a fetch that failed.
Standing after_failure(const Standing& before, Trouble trouble);

/// For a refresh ahead of time.
struct Refresh {
    enum class Kind { fetch, forget, fail };
    Kind kind{};
    std::string record_id{};           ///< to be stored with what is fetched
    std::optional<Trouble> trouble{};  ///< of Kind::fail
};
Refresh decide_refresh(const Lookup& lookup, const Entry& entry, WallTime now);

}  // namespace outpost::mta_sts
