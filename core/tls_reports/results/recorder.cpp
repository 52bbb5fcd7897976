// SPDX-License-Identifier: Apache-2.0
#include "core/tls_reports/results/recorder.hpp"

#include <utility>

#include "core/foundation/base/log.hpp"
#include "core/tls_reports/results/store.hpp"

namespace outpost::tls_results {
namespace {

/// What a statement holds of each kind at most. PostgreSQL takes its arrays for ten rows each and
/// compares all with all, so that ten of a hundred cost a tenth of one of a thousand.
constexpr std::size_t batch_size = 100;
/// A batch that the database has refused so often is given up: others wait behind it.
constexpr int most_refusals = 10;

}  // namespace

void Recorder::note(const Learned& learned) {
    const std::lock_guard lock(mutex_);
    if (results_wanted_) tally_.add_results(learned);
    if (news_.is_news(learned)) tally_.add_abilities(learned);
    complain();
}

// One line for the first loss, and then whenever it has doubled.
void Recorder::complain() {
    const std::uint64_t lost = tally_.lost();
    if (lost < 2 * complained_ || lost == complained_) return;
    complained_ = lost;
    log::warning(
        "evidence", "{} results about TLS were let go until now: too many wait for the database",
        lost
    );
}

bool Recorder::write(db::Session& session, std::int64_t node) {
    const std::lock_guard alone(writing_);
    if (batch_.empty()) begin_batch();
    if (batch_.empty()) return false;
    try {
        tls_results::write(session, node, number_, batch_);
    } catch (const db::Error& error) {
        if (++refusals_ < most_refusals) throw;
        refused_ += batch_.size();
        log::error(
            "evidence", "{} results about TLS are given up: {}", batch_.size(), error.what()
        );
    }
    batch_ = {};
    batch_waits_ = false;
    const std::lock_guard lock(mutex_);
    return !tally_.empty();
}

void Recorder::begin_batch() {
    const std::lock_guard lock(mutex_);
    batch_ = tally_.take(batch_size);
    batch_waits_ = !batch_.empty();
    ++number_;
    refusals_ = 0;
}

bool Recorder::has_unwritten() const {
    const std::lock_guard lock(mutex_);
    return batch_waits_ || !tally_.empty();
}

std::uint64_t Recorder::lost() const {
    const std::lock_guard lock(mutex_);
    return tally_.lost() + refused_;
}

}  // namespace outpost::tls_results
