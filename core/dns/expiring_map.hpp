// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

#include "core/base/clock.hpp"

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
        const auto entry = found->second;
        if (entry->expires <= now) {
            by_use_.erase(entry);
            by_key_.erase(found);
            return std::nullopt;
        }
        by_use_.splice(by_use_.begin(), by_use_, entry);
        return Found{entry->value, entry->expires};
    }

    void store(std::string key, Value value, std::chrono::seconds keep, SteadyTime now) {
        if (keep <= std::chrono::seconds(0) || most_entries_ == 0) return;
        const std::lock_guard lock(mutex_);
        if (const auto known = by_key_.find(key); known != by_key_.end()) {
            by_use_.erase(known->second);
            by_key_.erase(known);
        }
        by_use_.push_front({key, std::move(value), now + keep});
        by_key_.emplace(std::move(key), by_use_.begin());
        if (by_use_.size() > most_entries_) {
            by_key_.erase(by_use_.back().key);
            by_use_.pop_back();
        }
    }

    std::size_t size() const {
        const std::lock_guard lock(mutex_);
        return by_use_.size();
    }

  private:
    struct Entry {
        std::string key;
        Value value;
        SteadyTime expires;
    };
    mutable std::mutex mutex_;
    std::size_t most_entries_;
    std::list<Entry> by_use_;  ///< most recently used first
    std::unordered_map<std::string, typename std::list<Entry>::iterator> by_key_;
};

}  // namespace outpost::dns
