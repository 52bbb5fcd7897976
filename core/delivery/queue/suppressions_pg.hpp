// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <atomic>
#include <cstddef>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <unordered_set>
#include <vector>

#include "core/delivery/queue/suppressions.hpp"
#include "core/foundation/base/clock.hpp"
#include "core/foundation/database/pool.hpp"

namespace outpost::queue {

/// Suppressions in PostgreSQL.
///
/// Every delivery asks, and nearly none is suppressed. So a node keeps a hash of each suppressed
/// key (8 octets and a set's overhead: some 40 MB for a million) and asks the database about a
/// recipient only when his is among them. Without suppressions a delivery costs one look at a flag;
/// with them, one hash of the address. What is added is told by NOTIFY with its key. What ends or
/// is taken out is told by nobody: its hash then leads to a question in vain until the next
/// reading, and two addresses with one hash do each other no harm. All is read anew at each
/// connect of the listener, and every few minutes.
class PgSuppressions final : public Suppressions {
  public:
    explicit PgSuppressions(db::Pool& pool) : pool_(pool) {}

    bool may_hold(const mail::Address& recipient) const override;
    awaitable<std::optional<Suppression>> find(mail::Address recipient) override;

    /// NOTIFY: this key was added; empty: any may have been.
    void changed(const std::string& key);
    /// Reads all keys if that is due.
    void refresh(db::Session& session);

  private:
    void read_all(db::Session& session);
    void read(db::Session& session, std::unordered_set<std::size_t>& into) const;

    db::Pool& pool_;
    std::mutex reading_;  ///< one reading at a time
    std::atomic<bool> stale_{true};
    std::atomic<SteadyTime> next_reading_{SteadyTime{}};

    mutable std::shared_mutex mutex_;  ///< of what follows
    std::unordered_set<std::size_t> hashes_;
    std::vector<std::size_t> added_meanwhile_;  ///< during a reading, which may have passed them
    std::atomic<bool> any_{false};              ///< whether there are hashes
};

}  // namespace outpost::queue
