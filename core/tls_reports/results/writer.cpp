// SPDX-License-Identifier: Apache-2.0
#include "core/tls_reports/results/writer.hpp"

#include "core/foundation/base/log.hpp"

namespace outpost::tls_results {

constexpr std::chrono::seconds interval{2};

bool Writer::is_due() {
    const std::lock_guard lock(mutex_);
    const auto now = SteadyClock::now();
    if (now < next_) return false;
    next_ = now + interval;
    return true;
}

void Writer::tick() {
    if (!recorder_.has_unwritten() || !is_due() || writing_.exchange(true)) return;
    const auto work = [this](db::Session& session) {
        while (recorder_.write(session, node_)) {
        }
        writing_ = false;
    };
    // The batch is kept, and written next time.
    pool_.post(work, [this](const std::exception_ptr&) { writing_ = false; });
}

void Writer::finish(db::Session& session) noexcept {
    try {
        while (recorder_.write(session, node_)) {
        }
    } catch (const std::exception& error) {
        log::warning("evidence", "the last results about TLS are lost: {}", error.what());
    }
}

}  // namespace outpost::tls_results
