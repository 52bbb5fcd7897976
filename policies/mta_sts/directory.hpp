// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "core/net/dns/resolver.hpp"
#include "policies/mta_sts/decide.hpp"
#include "policies/mta_sts/fetches.hpp"

namespace outpost::mta_sts {

/// Finds out what policy a domain has (RFC 8461 sections 3 and 5): by its record, what all nodes
/// know, and a fetch where these two disagree. Thread-safe.
///
/// The rounds are background work; each returns whether there is more to do at once, and throws as
/// the store does.
class Directory {
  public:
    /// All must outlive it; `resolver` is for refreshes.
    Directory(
        Store& store, std::shared_ptr<dns::Resolver> resolver, std::shared_ptr<Fetcher> fetcher,
        TaskGroup& tasks, Executor executor, FetchTimes times = {}
    );

    /// For a delivery. `domain`: A-labels, of the recipient's address. Never throws: what we fail
    /// to find out ourselves is `unknown`.
    awaitable<Standing> standing(std::string domain, dns::Resolver& resolver, Deadline deadline);

    /// Another node, or a person, has changed a domain's entry; empty: changes may have been
    /// missed. Follow with `sync_round`.
    void changed(const std::string& domain);
    /// Reads what has changed; everything, the first time.
    awaitable<bool> sync_round();
    /// Refreshes one policy whose time has come, if any.
    awaitable<bool> refresh_round();
    /// Notes what is in use, and removes what is not.
    awaitable<bool> upkeep_round();

    /// Called in a `sync_round` that has read an entry to refresh now. Set it before.
    void on_refresh_due(std::function<void()> tell) { refresh_due_ = std::move(tell); }
    /// Uses this fetcher from now on.
    void use(std::shared_ptr<Fetcher> fetcher) { fetches_.use(std::move(fetcher)); }
    /// Ends fetches under way.
    void stop() { fetches_.stop(); }

  private:
    awaitable<Standing> find_out(std::string domain, dns::Resolver& resolver, Deadline deadline);
    awaitable<EntryPtr> entry_of(std::string domain);
    awaitable<void> refresh(std::string domain);
    std::set<std::string> take_changed(bool& all);

    Store& store_;
    const std::shared_ptr<dns::Resolver> resolver_;
    Known known_;
    Fetches fetches_;
    std::function<void()> refresh_due_;
    std::mutex mutex_;
    std::set<std::string> changed_;
    bool all_changed_ = true;
};

}  // namespace outpost::mta_sts
