// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <atomic>

#include "core/delivery/dispatch/parcel.hpp"

namespace outpost::dispatch {

/// Whoever was in flight when the server died twice in a row may be its killer: such recipients are
/// attempted one at a time, so that a third death strikes the guilty one alone. Thread-safe.
class Suspects {
  public:
    static bool is_suspect(const Parcel& parcel) noexcept {
        return parcel.claims.front().crashes >= 2;  // whoever crashed before is alone in his parcel
    }
    bool try_begin() noexcept { return !busy_.exchange(true); }
    void end() noexcept { busy_ = false; }

  private:
    std::atomic<bool> busy_{false};
};

}  // namespace outpost::dispatch
