// SPDX-License-Identifier: Apache-2.0
#include "policies/mta_sts/directory.hpp"

#include <utility>

#include "core/foundation/base/log.hpp"
#include "policies/mta_sts/lookup.hpp"

namespace outpost::mta_sts {
namespace {

constexpr std::chrono::hours unused{180 * 24};

/// Our own side failed: only what was in force before still holds.
Standing without_news(Standing before) {
    before.unknown = !before.policy;
    return before;
}

/// A stored policy holds even if this node had not heard of it.
Standing after(Standing before, const Fetched& fetched, WallTime now) {
    if (fetched.entry.in_force(now)) before.policy = fetched.entry.policy;
    switch (fetched.kind) {
        case Fetched::Kind::stored:
            return {std::move(before.policy), false, {}};
        case Fetched::Kind::trouble:
            return after_failure(before, *fetched.trouble);
        case Fetched::Kind::unknown:
            break;
    }
    return without_news(std::move(before));
}

}  // namespace

Directory::Directory(
    Store& store, std::shared_ptr<dns::Resolver> resolver, std::shared_ptr<Fetcher> fetcher,
    TaskGroup& tasks, Executor executor, FetchTimes times
)
    : store_(store),
      resolver_(std::move(resolver)),
      fetches_(store, known_, std::move(fetcher), tasks, std::move(executor), times) {}

awaitable<Standing> Directory::standing(
    std::string domain, dns::Resolver& resolver, Deadline deadline
) {
    std::string failure;
    try {
        co_return co_await find_out(domain, resolver, deadline);
    } catch (const std::exception& error) {
        failure = error.what();
    }
    log::warning("mta-sts", "what is stored of {} cannot be read: {}", domain, failure);
    co_return without_news({});
}

awaitable<Standing> Directory::find_out(
    std::string domain, dns::Resolver& resolver, Deadline deadline
) {
    const Lookup lookup = co_await look_up(domain, resolver, deadline);
    const EntryPtr entry = co_await entry_of(domain);
    const Decision decision = decide(lookup, *entry, store_.now());
    if (!decision.fetch) co_return decision.standing;
    const Fetched fetched =
        co_await fetches_.fetch(domain, *decision.fetch, entry->version, deadline);
    co_return after(decision.standing, fetched, store_.now());
}

awaitable<EntryPtr> Directory::entry_of(std::string domain) {
    static const auto nothing = std::make_shared<const Entry>();
    if (auto entry = known_.find(domain)) co_return entry;
    if (known_.complete()) co_return nothing;
    Entry entry = co_await store_.load(domain);
    known_.put(domain, entry);
    co_return std::make_shared<const Entry>(std::move(entry));
}

void Directory::changed(const std::string& domain) {
    const std::lock_guard lock(mutex_);
    if (domain.empty()) {
        all_changed_ = true;
    } else {
        changed_.insert(domain);
    }
}

std::set<std::string> Directory::take_changed(bool& all) {
    const std::lock_guard lock(mutex_);
    all = std::exchange(all_changed_, false);
    return std::exchange(changed_, {});
}

awaitable<bool> Directory::sync_round() {
    bool all = false, due = false;
    const auto domains = take_changed(all);
    std::exception_ptr failure;
    try {
        if (all) {
            auto entries = co_await store_.load_all();
            known_.replace_all(std::move(entries));
        }
        for (const std::string& domain : domains) {
            Entry entry = co_await store_.load(domain);
            due = due || entry.refresh_is_due;
            known_.put(domain, std::move(entry));
        }
    } catch (...) {
        failure = std::current_exception();
    }
    if (failure) {
        changed("");  // what was not read will be read with everything
        std::rethrow_exception(failure);
    }
    if (due && refresh_due_) refresh_due_();
    co_return false;
}

awaitable<bool> Directory::refresh_round() {
    const auto domain = co_await store_.claim_due(fetches_.times().lease);
    if (!domain) co_return false;
    co_await refresh(*domain);
    co_return true;
}

awaitable<void> Directory::refresh(std::string domain) {
    const Lookup lookup = co_await look_up(domain, *resolver_, Deadline());
    const Entry entry = co_await store_.load(domain);
    Refresh next = decide_refresh(lookup, entry, store_.now());
    switch (next.kind) {
        case Refresh::Kind::fetch:
            co_await fetches_.fetch_in_turn(domain, std::move(next.record_id));
            break;
        case Refresh::Kind::forget:
            co_await store_.forget(domain);
            known_.put(domain, {});
            break;
        case Refresh::Kind::fail: {
            const auto back_off = fetches_.times().back_off;
            Entry failed = co_await store_.save_failure(domain, std::move(*next.trouble), back_off);
            known_.put(domain, std::move(failed));
            break;
        }
    }
}

awaitable<bool> Directory::upkeep_round() {
    auto used = known_.take_used();
    if (!used.empty()) co_await store_.note_used(std::move(used));
    co_await store_.tidy(unused);
    co_return false;
}

}  // namespace outpost::mta_sts
