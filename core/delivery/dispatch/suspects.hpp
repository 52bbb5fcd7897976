// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "core/delivery/dispatch/parcel.hpp"
#include "core/foundation/async/semaphore.hpp"

namespace outpost::dispatch {

/// Whoever was in flight when the server died twice in a row may be its killer: such recipients are
/// attempted one at a time, so that a third death strikes the guilty one alone. Thread-safe.
class Suspects {
  public:
    static bool is_suspect(const Parcel& parcel) noexcept {
        return parcel.claims.front().crashes >=
               2;  // whatever crashed before is alone in its parcel
    }
    /// The turn, once it has come; empty when the deadline passed first.
    awaitable<Semaphore::Permit> turn(Deadline deadline) { return one_.acquire(deadline); }

  private:
    Semaphore one_{1};
};

}  // namespace outpost::dispatch
