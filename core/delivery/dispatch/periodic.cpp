// SPDX-License-Identifier: Apache-2.0
#include "core/delivery/dispatch/periodic.hpp"

#include <asio/post.hpp>

#include <algorithm>
#include <chrono>
#include <utility>

#include "core/foundation/base/log.hpp"

namespace outpost::dispatch {

Periodic::Periodic(std::string name, const Executor& executor, Duration interval, Round round)
    : name_(std::move(name)),
      executor_(executor),
      interval_(interval),
      round_(std::move(round)),
      event_(executor) {}

void Periodic::start(TaskGroup& tasks) {
    tasks.spawn(name_, executor_, loop());
}

void Periodic::wake() {
    asio::post(executor_, [this] { event_.notify(); });
}

void Periodic::stop() {
    stopping_ = true;
    wake();
}

awaitable<void> Periodic::loop() {
    while (!stopping_) {
        const auto pause = co_await one_round();
        if (pause > Duration::zero() && !stopping_) co_await event_.wait(Deadline::in(pause));
    }
}

// After a failure the next round waits for the back-off, or for a wake.
awaitable<Duration> Periodic::one_round() {
    std::string failure;
    try {
        const bool more = co_await round_();
        if (failures_ > 0) log::info("task", "{} works again", name_);
        failures_ = 0;
        co_return more ? Duration::zero() : interval_;
    } catch (const std::exception& error) {
        failure = error.what();
    }
    if (failures_ == 0) log::warning("task", "{} failed and is tried again: {}", name_, failure);
    const auto back_off = std::chrono::seconds(1) * (1 << std::min(failures_++, 5));
    co_return std::min<Duration>(back_off, std::max<Duration>(interval_, std::chrono::seconds(1)));
}

}  // namespace outpost::dispatch
