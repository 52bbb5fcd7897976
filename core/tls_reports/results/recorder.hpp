// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <atomic>
#include <cstdint>
#include <mutex>

#include "core/foundation/database/session.hpp"
#include "core/tls_reports/results/ability_news.hpp"
#include "core/tls_reports/results/tally.hpp"

namespace outpost::tls_results {

/// Takes up what this node's attempts learn, adds it up in memory, and writes it in batches. While
/// the database is away nothing is lost up to the bounds; beyond them, the oldest is. Thread-safe.
class Recorder {
  public:
    explicit Recorder(Tally::Bounds bounds = {}) : tally_(bounds) {}

    /// Whether results for TLS reports are taken up. What domains can do always is.
    void record_results(bool wanted) noexcept { results_wanted_ = wanted; }
    /// Never waits for the database.
    void note(const Learned& learned);

    /// Writes one batch as that of `node`, which is always the same. True when there is more.
    /// Throws as the session does; then the same batch is written next time, and counts once.
    bool write(db::Session& session, std::int64_t node);

    /// Whether there is anything to write, be it a batch that has failed.
    bool has_unwritten() const;
    /// Sums let go for want of room, or refused by the database, until now.
    std::uint64_t lost() const;

  private:
    void complain();
    void begin_batch();

    std::atomic<bool> results_wanted_{true};
    mutable std::mutex mutex_;
    Tally tally_;
    AbilityNews news_{100'000};
    std::uint64_t complained_ = 0;

    /// One writer at a time: what follows is his.
    std::mutex writing_;
    Batch batch_;
    std::atomic<bool> batch_waits_{false};
    std::int64_t number_ = 0;
    int refusals_ = 0;
    std::atomic<std::uint64_t> refused_{0};
};

}  // namespace outpost::tls_results
