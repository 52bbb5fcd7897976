// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/foundation/async/task_group.hpp"
#include "policies/mta_sts/fetcher.hpp"
#include "policies/mta_sts/known.hpp"

namespace outpost::mta_sts {

struct FetchTimes {
    std::chrono::seconds fetch{60};       ///< for DNS, connection and answer together
    std::chrono::seconds lease{90};       ///< a node that is silent for so long no longer fetches
    std::chrono::seconds back_off{300};   ///< after a failure (RFC 8461 section 3.3)
    std::chrono::milliseconds poll{500};  ///< how often we check on another node's fetch
};

/// What came of a fetch.
struct Fetched {
    enum class Kind {
        stored,   ///< `entry` has the policy, in force
        trouble,  ///< it failed, here or on another node; `entry` may still have a policy
        unknown   ///< our own side failed: the database is away, the server stops, time is up
    };
    Kind kind = Kind::unknown;
    Entry entry{};
    std::optional<Trouble> trouble{};
};

/// Fetches each policy once: deliveries of this node that need the same one wait for one fetch, and
/// only one node fetches at a time. Thread-safe.
class Fetches {
  public:
    /// Fetches run as tasks of `tasks`, on `executor`.
    Fetches(
        Store& store, Known& known, std::shared_ptr<Fetcher> fetcher, TaskGroup& tasks,
        Executor executor, FetchTimes times
    );

    /// Waits for a fetch of this domain's policy, begun now if none is under way. `record_id` is
    /// stored with it; `version` is that of the entry that the caller has seen.
    awaitable<Fetched> fetch(
        std::string domain, std::string record_id, std::int64_t version, Deadline deadline
    );
    /// Fetches and stores, for a caller that has the turn already. Throws as the store does.
    awaitable<Fetched> fetch_in_turn(std::string domain, std::string record_id);

    /// From now on.
    void use(std::shared_ptr<Fetcher> fetcher);
    /// Ends fetches under way, and gives their turns back.
    void stop();
    const FetchTimes& times() const noexcept { return times_; }

  private:
    /// A coroutine that waits for a fetch, on its own executor.
    struct Waiter;
    using WaiterPtr = std::shared_ptr<Waiter>;

    void join(
        const std::string& domain, const std::string& record_id, std::int64_t version,
        WaiterPtr waiter
    );
    awaitable<void> run(std::string domain, std::string record_id, std::int64_t version);
    awaitable<Fetched> take_turn(std::string domain, std::string record_id, std::int64_t version);
    void tell(const std::string& domain, const Fetched& fetched);
    std::shared_ptr<Fetcher> fetcher() const;

    Store& store_;
    Known& known_;
    TaskGroup& tasks_;
    const Executor executor_;
    const FetchTimes times_;
    std::atomic<bool> stopping_{false};
    mutable std::mutex mutex_;
    std::shared_ptr<Fetcher> fetcher_;
    std::map<std::string, std::vector<WaiterPtr>> waiting_;  ///< one for each fetch under way
};

}  // namespace outpost::mta_sts
