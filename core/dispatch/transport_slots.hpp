// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <map>
#include <mutex>
#include <string>

namespace outpost::dispatch {

/// Counts the deliveries in flight through each transport. Thread-safe: lanes take a slot for a
/// route's first transport, attempts for a fallback.
class TransportSlots {
  public:
    bool try_take(const std::string& transport, std::size_t limit) {
        const std::lock_guard lock(mutex_);
        auto& taken = taken_[transport];
        if (taken >= limit) return false;
        ++taken;
        return true;
    }
    void release(const std::string& transport) {
        const std::lock_guard lock(mutex_);
        const auto found = taken_.find(transport);
        if (found != taken_.end() && --found->second == 0) taken_.erase(found);
    }

  private:
    std::mutex mutex_;
    std::map<std::string, std::size_t> taken_;
};

}  // namespace outpost::dispatch
