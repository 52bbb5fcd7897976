// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

#include "core/base/clock.hpp"
#include "core/dns/resolver.hpp"

namespace outpost::dns {

/// Answers and failures for as long as they may be believed. Bounded: what was used longest ago
/// goes first. Thread-safe.
class Cache {
  public:
    using Outcome = Result<Answer, Failure>;

    explicit Cache(std::size_t most_entries) : most_entries_(most_entries) {}
    /// What is known of this question, with the time left as its TTL.
    std::optional<Outcome> find(const Question& question, SteadyTime now);
    void store(
        const Question& question, Outcome outcome, std::chrono::seconds keep, SteadyTime now
    );
    std::size_t size() const;

  private:
    struct Entry {
        std::string key;
        Outcome outcome;
        SteadyTime expires;
    };
    mutable std::mutex mutex_;
    std::size_t most_entries_;
    std::list<Entry> by_use_;  ///< most recently used first
    std::unordered_map<std::string, std::list<Entry>::iterator> by_key_;
};

}  // namespace outpost::dns
