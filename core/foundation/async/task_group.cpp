// SPDX-License-Identifier: Apache-2.0
#include "core/foundation/async/task_group.hpp"

#include <asio/co_spawn.hpp>
#include <asio/steady_timer.hpp>

#include <atomic>

#include "core/foundation/base/log.hpp"

namespace outpost {

struct TaskGroup::State {
    std::atomic<std::size_t> running{0};
};

namespace {

std::string describe(const std::exception_ptr& error) {
    try {
        std::rethrow_exception(error);
    } catch (const std::exception& e) {
        return e.what();
    } catch (...) {
        return "unknown exception";
    }
}

}  // namespace

TaskGroup::TaskGroup() : state_(std::make_shared<State>()) {}
TaskGroup::~TaskGroup() = default;

void TaskGroup::spawn(std::string name, const Executor& executor, awaitable<void> task) {
    ++state_->running;
    asio::co_spawn(
        executor, std::move(task),
        [state = state_, name = std::move(name)](std::exception_ptr error) {
            if (error) log::error("task", "{} ended with an error: {}", name, describe(error));
            --state->running;
        }
    );
}

std::size_t TaskGroup::running() const noexcept {
    return state_->running;
}

awaitable<bool> TaskGroup::join(Deadline deadline) {
    const auto executor = co_await asio::this_coro::executor;
    asio::steady_timer timer(executor);
    while (state_->running > 0 && !deadline.passed()) {
        timer.expires_after(std::chrono::milliseconds(5));
        co_await timer.async_wait(use_awaitable);
    }
    co_return state_->running == 0;
}

}  // namespace outpost
