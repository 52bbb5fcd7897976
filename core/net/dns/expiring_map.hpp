// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

#include "core/foundation/base/clock.hpp"

namespace outpost::dns {

/// Values for as long as they may be believed. Bounded: what was used longest ago goes first.
/// Thread-safe.
template <class Value>
class ExpiringMap {
  public:
    struct Found {
        Value value;
        SteadyTime expires;
    };

    explicit ExpiringMap(std::size_t most_entries) : most_entries_(most_entries) {}

    std::optional<Found> find(const std::string& key, SteadyTime now) {
        const std::lock_guard lock(mutex_);
        const auto found = by_key_.find(key);
        if (found == by_key_.end()) return std::nullopt;
        const Entry& entry = found->second;
        if (entry.found.expires <= now) {
            erase(found);
            return std::nullopt;
        }
        by_use_.splice(by_use_.begin(), by_use_, entry.place);
        return entry.found;
    }

    void store(std::string key, Value value, std::chrono::seconds keep, SteadyTime now) {
        if (keep <= std::chrono::seconds(0) || most_entries_ == 0) return;
        const std::lock_guard lock(mutex_);
        if (const auto known = by_key_.find(key); known != by_key_.end()) erase(known);
        const auto [entry, is_new] =
            by_key_.try_emplace(std::move(key), Entry{{std::move(value), now + keep}, {}});
        by_use_.push_front(&entry->first);
        entry->second.place = by_use_.begin();
        if (by_key_.size() > most_entries_) erase(by_key_.find(*by_use_.back()));
    }

    std::size_t size() const {
        const std::lock_guard lock(mutex_);
        return by_key_.size();
    }

  private:
    using Keys = std::list<const std::string*>;
    struct Entry {
        Found found;
        Keys::iterator place;  ///< in by_use_
    };
    using Entries = std::unordered_map<std::string, Entry>;

    void erase(typename Entries::iterator entry) {
        by_use_.erase(entry->second.place);
        by_key_.erase(entry);
    }

    mutable std::mutex mutex_;
    std::size_t most_entries_;
    Keys by_use_;  ///< keys of by_key_, most recently used first
    Entries by_key_;
};

}  // namespace outpost::dns
