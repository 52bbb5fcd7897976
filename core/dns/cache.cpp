// SPDX-License-Identifier: Apache-2.0
#include "core/dns/cache.hpp"

#include "core/dns/wire.hpp"

namespace outpost::dns {
namespace {

std::string key_of(const Question& question) {
    return std::to_string(static_cast<unsigned>(question.type)) + " " + canonical(question.name);
}

}  // namespace

std::optional<Cache::Outcome> Cache::find(const Question& question, SteadyTime now) {
    const std::string key = key_of(question);
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
    Outcome outcome = entry->outcome;
    if (outcome) outcome->ttl = std::chrono::ceil<std::chrono::seconds>(entry->expires - now);
    return outcome;
}

void Cache::store(
    const Question& question, Outcome outcome, std::chrono::seconds keep, SteadyTime now
) {
    if (keep <= std::chrono::seconds(0) || most_entries_ == 0) return;
    std::string key = key_of(question);
    const std::lock_guard lock(mutex_);
    if (const auto known = by_key_.find(key); known != by_key_.end()) {
        by_use_.erase(known->second);
        by_key_.erase(known);
    }
    by_use_.push_front({key, std::move(outcome), now + keep});
    by_key_.emplace(std::move(key), by_use_.begin());
    if (by_use_.size() > most_entries_) {
        by_key_.erase(by_use_.back().key);
        by_use_.pop_back();
    }
}

std::size_t Cache::size() const {
    const std::lock_guard lock(mutex_);
    return by_use_.size();
}

}  // namespace outpost::dns
