// SPDX-License-Identifier: Apache-2.0
#include "core/delivery/dispatch/limit_keeper.hpp"

#include <asio/post.hpp>
#include <asio/steady_timer.hpp>

#include <algorithm>
#include <chrono>
#include <exception>
#include <string>
#include <utility>

#include "core/foundation/base/log.hpp"

namespace outpost::dispatch {
namespace {

/// Keys of one exchange: each costs a lock in the database until its end.
constexpr std::size_t batch = 200;
/// How often the others are looked for although none has told of anything.
constexpr std::chrono::seconds check_interval{5};
constexpr std::chrono::milliseconds longest_pause{1000};
/// Between two rounds, so that what comes up at the same time goes together.
constexpr std::chrono::milliseconds shortest_pause{5};

}  // namespace

LimitKeeper::LimitKeeper(
    queue::LimitStore& store, Slots& slots, const Executor& executor, MayTry may_try
)
    : store_(store),
      slots_(slots),
      executor_(executor),
      may_try_(std::move(may_try)),
      event_(executor),
      lease_losses_(store.lease_losses()) {}

void LimitKeeper::start(TaskGroup& tasks) {
    tasks.spawn("limits", executor_, run());
}

void LimitKeeper::stop() {
    stopping_ = true;
    event_.notify();
}

void LimitKeeper::changed() {
    asio::post(executor_, [this] {
        told_ = true;
        event_.notify();
    });
}

bool LimitKeeper::may_begin() const {
    return store_.lease_is_safe() && store_.lease_losses() == lease_losses_;
}

awaitable<void> LimitKeeper::run() {
    asio::steady_timer timer(executor_);
    while (!stopping_) {
        std::string failure;
        try {
            co_await round();
            failed_ = false;
        } catch (const std::exception& error) {
            failure = error.what();
        }
        if (!failure.empty() && !std::exchange(failed_, true))
            log::warning("dispatch", "limits cannot be shared with other nodes: {}", failure);
        if (failed_) {
            timer.expires_after(longest_pause);
            co_await timer.async_wait(use_awaitable);
            continue;
        }
        co_await event_.wait(Deadline::in(pause()));
        timer.expires_after(shortest_pause);
        co_await timer.async_wait(use_awaitable);
    }
}

void LimitKeeper::may_try(const std::vector<queue::LimitKey>& destinations) {
    may_try_(destinations);
    slots_.offer();
}

Duration LimitKeeper::pause() const {
    const auto next = slots_.next_pause();
    if (!next) return longest_pause;
    return std::clamp<Duration>(*next - SteadyClock::now(), Duration::zero(), longest_pause);
}

awaitable<void> LimitKeeper::round() {
    // Others no longer counted what we hold: only what is under way is still ours.
    if (const auto losses = store_.lease_losses(); losses != lease_losses_) {
        slots_.share();
        published_ = false;
        lease_losses_ = losses;
    }
    if (slots_.is_alone() && std::exchange(told_, false)) co_await stay_alone();
    if (!slots_.is_alone()) co_await share();
    co_await ask_for_messages();
    // A lease that was renewed, or a pause that is over: whatever waits may be tried.
    may_try(slots_.pauses_over(SteadyClock::now()));
}

awaitable<void> LimitKeeper::stay_alone() {
    const bool alone = co_await store_.alone();
    if (alone) co_return;
    slots_.share();
    published_ = false;
}

awaitable<void> LimitKeeper::share() {
    // Each step leads to the next; what others do in between may lead back, but not forever.
    for (int steps = 0; steps < 4; ++steps) {
        if (!published_) {
            const bool alone = co_await store_.alone();
            if (alone) {
                may_try(slots_.count_alone());
                co_return;
            }
            co_await store_.publish(slots_.held());
            published_ = true;
            told_ = true;
        }
        const auto standing = co_await exchange();
        const bool done =
            standing == queue::LimitStanding::shared || standing == queue::LimitStanding::waiting;
        if (done) co_return;
        published_ = false;
    }
}

awaitable<queue::LimitStanding> LimitKeeper::exchange() {
    using queue::LimitStanding;
    const auto now = SteadyClock::now();
    const auto asked = slots_.requests(now, batch);
    const bool told = std::exchange(told_, false);
    if (asked.empty() && !told && now < next_check_) co_return LimitStanding::shared;
    next_check_ = now + check_interval;
    const auto answer = co_await store_.exchange(asked);
    if (answer.standing != LimitStanding::shared) co_return answer.standing;
    // What came too late for our lease is not ours.
    if (may_begin()) may_try(slots_.granted(asked, answer.grants, SteadyClock::now()));
    if (asked.size() == batch || slots_.take_change()) event_.notify();
    co_return LimitStanding::shared;
}

awaitable<void> LimitKeeper::ask_for_messages() {
    const auto asked_at = SteadyClock::now();
    const auto asked = slots_.message_requests(asked_at, batch);
    if (asked.empty()) co_return;
    const auto grants = co_await store_.let_go(asked);
    may_try(slots_.messages_granted(asked, grants, asked_at, SteadyClock::now()));
}

}  // namespace outpost::dispatch
