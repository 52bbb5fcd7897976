// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <map>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "policies/mta_sts/store.hpp"

namespace outpost::test {

/// MTA-STS policies in memory, with the rules of the real store; a turn ends only when its holder
/// says so. Thread-safe.
class MemoryPolicyStore final : public mta_sts::Store {
  public:
    using Entry = mta_sts::Entry;

    WallTime now() const override { return clock; }

    awaitable<std::map<std::string, Entry>> load_all() override {
        const auto lock = locked();
        co_return entries_;
    }
    awaitable<Entry> load(std::string domain) override {
        const auto lock = locked();
        co_return stored(domain);
    }
    awaitable<mta_sts::Turn> take_turn(std::string domain, std::int64_t known, std::chrono::seconds)
        override {
        const auto lock = locked();
        ++turns_asked;
        if (stored(domain).version != known)
            co_return mta_sts::Turn{mta_sts::Turn::Kind::changed, stored(domain)};
        if (!turns_.insert(domain).second) co_return mta_sts::Turn{mta_sts::Turn::Kind::busy, {}};
        co_return mta_sts::Turn{mta_sts::Turn::Kind::granted, {}};
    }
    awaitable<Entry> save(std::string domain, std::string record_id, mta_sts::Policy policy)
        override {
        const auto lock = locked();
        Entry entry;
        entry.record_id = std::move(record_id);
        entry.valid_until = clock + policy.max_age;
        entry.policy = std::move(policy);
        co_return store(domain, std::move(entry));
    }
    awaitable<Entry> save_failure(
        std::string domain, mta_sts::Trouble trouble, std::chrono::seconds back_off
    ) override {
        const auto lock = locked();
        Entry entry = stored(domain);
        entry.setback = mta_sts::Setback{std::move(trouble), clock + back_off};
        co_return store(domain, std::move(entry));
    }
    awaitable<void> let_go(std::string domain) override {
        const auto lock = locked();
        turns_.erase(domain);
        co_return;
    }
    awaitable<void> forget(std::string domain) override {
        const auto lock = locked();
        entries_.erase(domain);
        turns_.erase(domain);
        co_return;
    }
    awaitable<std::optional<std::string>> claim_due(std::chrono::seconds) override {
        const auto lock = locked();
        if (due.empty()) co_return std::nullopt;
        auto domain = std::move(due.back());
        due.pop_back();
        turns_.insert(domain);
        co_return domain;
    }
    awaitable<void> note_used(std::vector<std::string> domains) override {
        const auto lock = locked();
        used.insert(domains.begin(), domains.end());
        co_return;
    }
    awaitable<void> tidy(std::chrono::seconds) override {
        const auto lock = locked();
        co_return;
    }

    /// As another node would.
    void put(const std::string& domain, Entry entry) {
        const std::lock_guard lock(mutex_);
        store(domain, std::move(entry));
    }
    void take_turn_elsewhere(const std::string& domain) {
        const std::lock_guard lock(mutex_);
        turns_.insert(domain);
    }
    bool has(const std::string& domain) const { return entries_.contains(domain); }
    const Entry& at(const std::string& domain) const { return entries_.at(domain); }
    bool is_being_fetched(const std::string& domain) const { return turns_.contains(domain); }

    WallTime clock = WallClock::now();
    bool away = false;  ///< every call throws
    int calls = 0, turns_asked = 0;
    std::vector<std::string> due;  ///< what claim_due hands out
    std::set<std::string> used;

  private:
    std::unique_lock<std::mutex> locked() {
        std::unique_lock lock(mutex_);
        ++calls;
        if (away) throw std::runtime_error("the database is away");
        return lock;
    }
    Entry stored(const std::string& domain) const {
        const auto found = entries_.find(domain);
        return found == entries_.end() ? Entry() : found->second;
    }
    Entry store(const std::string& domain, Entry entry) {
        entry.version = ++last_version_;
        turns_.erase(domain);
        return entries_[domain] = std::move(entry);
    }

    std::mutex mutex_;
    std::map<std::string, Entry> entries_;
    std::set<std::string> turns_;
    std::int64_t last_version_ = 0;
};

}  // namespace outpost::test
