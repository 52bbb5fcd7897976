// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>

#include "core/foundation/base/clock.hpp"

namespace outpost {

/// A point in time by which work must be done. Passed down and only ever narrowed, so that the
/// parts of a job can never together take longer than the job may.
class Deadline {
  public:
    /// Never.
    Deadline() = default;
    explicit Deadline(SteadyTime at) : at_(at) {}
    static Deadline in(Duration span) {
        const auto now = SteadyClock::now();
        return span >= SteadyTime::max() - now ? Deadline() : Deadline(now + span);
    }

    /// The earlier of this deadline and `span` from now.
    Deadline narrowed(Duration span) const { return Deadline(std::min(at_, in(span).at_)); }
    Deadline narrowed(Deadline other) const { return Deadline(std::min(at_, other.at_)); }
    bool passed() const { return SteadyClock::now() >= at_; }
    SteadyTime at() const noexcept { return at_; }
    Duration left() const { return std::max(Duration::zero(), at_ - SteadyClock::now()); }

  private:
    SteadyTime at_ = SteadyTime::max();
};

}  // namespace outpost
