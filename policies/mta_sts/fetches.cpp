// SPDX-License-Identifier: Apache-2.0
#include "policies/mta_sts/fetches.hpp"

#include <asio/post.hpp>
#include <asio/steady_timer.hpp>

#include <utility>

#include "core/foundation/async/event.hpp"
#include "core/foundation/base/log.hpp"

namespace outpost::mta_sts {
namespace {

/// What an entry that was stored a moment ago, here or elsewhere, says of the fetch.
Fetched outcome_of(Entry entry, WallTime now) {
    Fetched fetched;
    if (entry.is_resting(now)) {
        fetched.kind = Fetched::Kind::trouble;
        fetched.trouble = entry.setback->trouble;
    } else if (entry.in_force(now)) {
        fetched.kind = Fetched::Kind::stored;
    }
    fetched.entry = std::move(entry);
    return fetched;
}

awaitable<void> pause(Duration span) {
    asio::steady_timer timer(co_await asio::this_coro::executor);
    timer.expires_after(span);
    co_await timer.async_wait(use_awaitable);
}

}  // namespace

struct Fetches::Waiter {
    explicit Waiter(const Executor& on) : executor(on), event(on) {}
    const Executor executor;
    Event event;
    Fetched fetched;
};

Fetches::Fetches(
    Store& store, Known& known, std::shared_ptr<Fetcher> fetcher, TaskGroup& tasks,
    Executor executor, FetchTimes times
)
    : store_(store),
      known_(known),
      tasks_(tasks),
      executor_(std::move(executor)),
      times_(times),
      fetcher_(std::move(fetcher)) {}

awaitable<Fetched> Fetches::fetch(
    std::string domain, std::string record_id, std::int64_t version, Deadline deadline
) {
    if (stopping_) co_return Fetched{};
    const Executor mine = co_await asio::this_coro::executor;
    const auto waiter = std::make_shared<Waiter>(mine);
    join(domain, record_id, version, waiter);
    co_await waiter->event.wait(deadline);
    co_return waiter->fetched;
}

void Fetches::join(
    const std::string& domain, const std::string& record_id, std::int64_t version, WaiterPtr waiter
) {
    bool first = false;
    {
        const std::lock_guard lock(mutex_);
        auto& waiting = waiting_[domain];
        first = waiting.empty();
        waiting.push_back(std::move(waiter));
    }
    if (first) tasks_.spawn("mta-sts fetch", executor_, run(domain, record_id, version));
}

awaitable<void> Fetches::run(std::string domain, std::string record_id, std::int64_t version) {
    Fetched fetched;
    std::string failure;
    try {
        fetched = co_await take_turn(domain, record_id, version);
    } catch (const std::exception& error) {
        failure = error.what();
    }
    if (!failure.empty())
        log::warning("mta-sts", "the policy of {} cannot be shared: {}", domain, failure);
    tell(domain, fetched);
}

awaitable<Fetched> Fetches::take_turn(
    std::string domain, std::string record_id, std::int64_t version
) {
    const Deadline deadline = Deadline::in(2 * times_.lease);
    while (!stopping_ && !deadline.passed()) {
        Turn turn = co_await store_.take_turn(domain, version, times_.lease);
        switch (turn.kind) {
            case Turn::Kind::granted:
                co_return co_await fetch_in_turn(domain, record_id);
            case Turn::Kind::changed: {
                known_.put(domain, turn.entry);
                version = turn.entry.version;
                Fetched fetched = outcome_of(std::move(turn.entry), store_.now());
                if (fetched.kind != Fetched::Kind::unknown) co_return fetched;
                break;  // what others have stored is over: it is our turn
            }
            case Turn::Kind::busy:
                co_await pause(times_.poll);
                break;
        }
    }
    co_return Fetched{};
}

awaitable<Fetched> Fetches::fetch_in_turn(std::string domain, std::string record_id) {
    const auto fetcher = this->fetcher();
    auto policy = co_await fetcher->fetch(domain, Deadline::in(times_.fetch));
    if (!policy && stopping_) {
        co_await store_.let_go(domain);
        co_return Fetched{};
    }
    Entry entry;
    if (policy) {
        entry = co_await store_.save(domain, std::move(record_id), std::move(*policy));
    } else {
        log::info("mta-sts", "the policy of {} cannot be had: {}", domain, policy.error().text);
        entry = co_await store_.save_failure(domain, std::move(policy.error()), times_.back_off);
    }
    known_.put(domain, entry);
    co_return outcome_of(std::move(entry), store_.now());
}

void Fetches::tell(const std::string& domain, const Fetched& fetched) {
    std::vector<WaiterPtr> waiting;
    {
        const std::lock_guard lock(mutex_);
        waiting = std::move(waiting_.extract(domain).mapped());
    }
    for (const WaiterPtr& waiter : waiting) {
        asio::post(waiter->executor, [waiter, fetched] {
            waiter->fetched = fetched;
            waiter->event.notify();
        });
    }
}

std::shared_ptr<Fetcher> Fetches::fetcher() const {
    const std::lock_guard lock(mutex_);
    return fetcher_;
}

void Fetches::use(std::shared_ptr<Fetcher> fetcher) {
    if (stopping_) fetcher->stop();
    const std::lock_guard lock(mutex_);
    fetcher_.swap(fetcher);
}

void Fetches::stop() {
    stopping_ = true;
    fetcher()->stop();
}

}  // namespace outpost::mta_sts
