// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "core/net/dns/expiring_map.hpp"
#include "core/net/dns/resolver.hpp"

namespace outpost::dns {

/// What tells one question from another, whatever the case and the last dot of its name.
std::string key_of(const Question& question);

/// Answers and failures for as long as they may be believed. Bounded; thread-safe.
class Cache {
  public:
    using Outcome = Result<Answer, Failure>;

    explicit Cache(std::size_t most_entries) : outcomes_(most_entries) {}
    /// What is known of this question, with the time left as its TTL.
    std::optional<Outcome> find(const Question& question, SteadyTime now);
    void store(
        const Question& question, Outcome outcome, std::chrono::seconds keep, SteadyTime now
    );
    std::size_t size() const { return outcomes_.size(); }

  private:
    ExpiringMap<Outcome> outcomes_;
};

}  // namespace outpost::dns
