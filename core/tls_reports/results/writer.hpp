// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <atomic>
#include <cstdint>
#include <mutex>

#include "core/foundation/base/clock.hpp"
#include "core/foundation/database/pool.hpp"
#include "core/tls_reports/results/recorder.hpp"

namespace outpost::tls_results {

/// Brings what a Recorder holds into the database, every two seconds if there is anything. A crash
/// loses what was learned since; a clean stop loses nothing. Thread-safe.
///
/// Why not together with the attempts' outcomes: results are sums, one row for a domain and a day,
/// and every outcome for a busy domain would wait for the one before it, on all nodes.
class Writer {
  public:
    /// Both must outlive it; the pool must have been stopped when it ends.
    Writer(Recorder& recorder, db::Pool& pool, std::int64_t node)
        : recorder_(recorder), pool_(pool), node_(node) {}

    /// Lets the pool write when it is time. Called regularly, on any thread.
    void tick();
    /// Writes everything, now. What fails is logged: it must not keep a node from signing off.
    void finish(db::Session& session) noexcept;

  private:
    bool is_due();

    Recorder& recorder_;
    db::Pool& pool_;
    const std::int64_t node_;
    std::mutex mutex_;
    SteadyTime next_{};
    std::atomic<bool> writing_{false};
};

}  // namespace outpost::tls_results
