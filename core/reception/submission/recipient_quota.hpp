// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>

#include "core/delivery/queue/store.hpp"

namespace outpost::submission {

/// Holds accounts to so many recipients in 24 hours. The queue in the database is what counts, so a
/// restart forgets nothing, and all nodes and SQL submissions count together; between two looks at
/// it this node adds what it takes itself. What others take meanwhile is seen at the next look: a
/// limit may be exceeded by that. Thread-safe.
class RecipientQuota {
  public:
    static constexpr std::chrono::hours window{24};
    static constexpr std::chrono::seconds look_again{30};

    /// `store` must outlive it.
    explicit RecipientQuota(queue::QueueStore& store) : store_(store) {}

    /// Counts one recipient more, unless the account has `limit` already (0: no limit); says
    /// whether it did. Throws what the store throws.
    awaitable<bool> take(std::string account, std::size_t limit);

  private:
    struct Count {
        std::uint64_t queued = 0, taken_since = 0;
        SteadyTime looked_at{};
    };
    bool is_known(const std::string& account);
    void note(const std::string& account, std::uint64_t queued);
    bool take_known(const std::string& account, std::size_t limit);

    queue::QueueStore& store_;
    std::mutex mutex_;
    std::map<std::string, Count> by_account_;  ///< only configured accounts: bounded
};

}  // namespace outpost::submission
