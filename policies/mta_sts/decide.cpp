// SPDX-License-Identifier: Apache-2.0
#include "policies/mta_sts/decide.hpp"

#include "core/foundation/base/safe_text.hpp"

namespace outpost::mta_sts {
namespace {

using Kind = Trouble::Kind;

Trouble trouble_of(RecordFault fault) {
    switch (fault) {
        case RecordFault::none:
            break;
        case RecordFault::several:
            return {Kind::several_records, "there are several MTA-STS records"};
        case RecordFault::broken:
            return {Kind::broken_record, "the MTA-STS record is malformed"};
    }
    return {Kind::no_record, "there is no MTA-STS record"};
}

Trouble trouble_of(const dns::Failure& failure) {
    return {Kind::dns_lookup, safe_text(failure.text, Charset::utf8, 300), failure.reason_code()};
}

Trouble resting(const Setback& setback) {
    return {Kind::backing_off, "the last fetch failed: " + setback.trouble.text};
}

Standing cached(const Entry& entry, std::optional<Trouble> trouble = {}) {
    return {entry.policy, false, std::move(trouble)};
}

/// A cached policy outlives its record and its host, or an attacker who suppresses the DNS for a
/// moment could take it away (section 10.2).
Decision decide_cached(const Lookup& lookup, const Entry& entry, WallTime now) {
    if (!lookup) return {cached(entry, lookup.error()), {}};
    if (*lookup == entry.record_id) return {cached(entry), {}};
    if (entry.is_resting(now)) return {cached(entry, resting(*entry.setback)), {}};
    return {cached(entry), *lookup};
}

/// Where nothing is known, only a failed lookup stops mail: it may hide a policy, and is over soon.
Decision decide_first_contact(const Lookup& lookup, const Entry& entry, WallTime now) {
    if (lookup) {
        if (entry.is_resting(now)) return {{{}, false, resting(*entry.setback)}, {}};
        return {{}, *lookup};
    }
    switch (lookup.error().kind) {
        case Kind::no_record:
            return {};
        case Kind::dns_lookup:
            return {{{}, true, lookup.error()}, {}};
        default:
            return {{{}, false, lookup.error()}, {}};
    }
}

}  // namespace

Lookup read_lookup(const Result<dns::Answer, dns::Failure>& answer) {
    if (!answer) return Err{trouble_of(answer.error())};
    std::vector<std::string> texts;
    for (const dns::Record& record : answer->records)
        texts.push_back(record.text);
    auto id = parse_records(texts);
    if (!id) return Err{trouble_of(id.error())};
    return std::move(*id);
}

Decision decide(const Lookup& lookup, const Entry& entry, WallTime now) {
    return entry.in_force(now) ? decide_cached(lookup, entry, now)
                               : decide_first_contact(lookup, entry, now);
}

Standing after_failure(const Standing& before, Trouble trouble) {
    return {before.policy, false, std::move(trouble)};
}

// A policy is fetched again even though its record cannot be read: so it does not end while
// somebody suppresses the DNS. Only one that is spent, or asks for nothing, goes with its record.
Refresh decide_refresh(const Lookup& lookup, const Entry& entry, WallTime now) {
    if (lookup) return {Refresh::Kind::fetch, *lookup};
    const bool gone = lookup.error().kind == Kind::no_record;
    const bool worth_keeping = entry.in_force(now) && !(gone && entry.policy->mode == Mode::none);
    if (worth_keeping) return {Refresh::Kind::fetch, entry.record_id};
    if (gone) return {Refresh::Kind::forget};
    return {Refresh::Kind::fail, {}, lookup.error()};
}

}  // namespace outpost::mta_sts
