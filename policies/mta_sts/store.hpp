// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/delivery/modules/policy_kind.hpp"
#include "core/foundation/async/awaitable.hpp"
#include "core/foundation/base/clock.hpp"
#include "policies/mta_sts/standing.hpp"

namespace outpost::mta_sts {

/// A fetch that failed: until `until` no delivery tries another.
struct Setback {
    Trouble trouble;
    WallTime until{};
    bool operator==(const Setback&) const = default;
};

/// What is stored of one domain.
struct Entry {
    std::int64_t version = 0;  ///< grows with each change; 0: nothing is stored
    std::string record_id;     ///< that the TXT record had when the policy was fetched
    std::optional<Policy> policy;
    WallTime valid_until{};  ///< of the policy
    std::optional<Setback> setback;
    bool refresh_is_due = false;  ///< when it was read

    bool in_force(WallTime now) const { return policy && now < valid_until; }
    /// No delivery may start a fetch.
    bool is_resting(WallTime now) const { return setback && now < setback->until; }
    bool operator==(const Entry&) const = default;
};

/// The answer to a request to fetch.
struct Turn {
    enum class Kind {
        granted,  ///< others wait for this node; end it with `save`, `save_failure` or `let_go`
        busy,     ///< another node fetches
        changed   ///< another node has fetched: `entry` is what it stored
    };
    Kind kind{};
    Entry entry{};
};

/// Policies as all nodes share them, by domain (A-labels). Thread-safe; coroutines resume on their
/// executor. Calls throw db::Unavailable while the database is away.
class Store : public delivery::PolicyStore {
  public:
    /// The database's time of day, which all times here refer to.
    virtual WallTime now() const = 0;

    virtual awaitable<std::map<std::string, Entry>> load_all() = 0;
    /// An entry of version 0 when nothing is stored.
    virtual awaitable<Entry> load(std::string domain) = 0;

    /// Asks for the right to fetch; `known` is the version that the caller has seen. A node that
    /// got it and dies loses it after `lease`.
    virtual awaitable<Turn> take_turn(
        std::string domain, std::int64_t known, std::chrono::seconds lease
    ) = 0;
    /// Both end the turn, and give the entry as it is now.
    virtual awaitable<Entry> save(std::string domain, std::string record_id, Policy policy) = 0;
    virtual awaitable<Entry> save_failure(
        std::string domain, Trouble trouble, std::chrono::seconds back_off
    ) = 0;
    virtual awaitable<void> let_go(std::string domain) = 0;

    virtual awaitable<void> forget(std::string domain) = 0;
    /// One domain whose refresh is due, with its turn, for this node alone; nothing when none is.
    /// Without a result it is due again an hour later.
    virtual awaitable<std::optional<std::string>> claim_due(std::chrono::seconds lease) = 0;
    virtual awaitable<void> note_used(std::vector<std::string> domains) = 0;
    /// Deletes entries that were not used for so long, and those that are neither in force nor
    /// useful.
    virtual awaitable<void> tidy(std::chrono::seconds unused) = 0;
};

}  // namespace outpost::mta_sts
