// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <asio/async_result.hpp>
#include <asio/bind_executor.hpp>
#include <asio/execution/outstanding_work.hpp>
#include <asio/executor_work_guard.hpp>
#include <asio/post.hpp>
#include <asio/prefer.hpp>
#include <asio/thread_pool.hpp>

#include <exception>
#include <memory>
#include <mutex>
#include <optional>

#include "core/foundation/async/awaitable.hpp"

namespace outpost {

/// A one-shot bridge from a foreign thread to a waiting coroutine: `set`/`fail` may be called from
/// any thread, once; the coroutine resumes on its own executor, which must outlive that call.
template <class T>
class Promise {
  public:
    Promise() : state_(std::make_shared<State>()) {}

    void set(T value) const { state_->finish(nullptr, std::move(value)); }
    void fail(std::exception_ptr error) const { state_->finish(std::move(error), std::nullopt); }

    /// Waits for `set` or `fail`; rethrows what `fail` was given. To be awaited once.
    awaitable<T> wait() {
        auto state = state_;
        co_await asio::async_initiate<const asio::use_awaitable_t<>, void()>(
            [state](auto handler) { state->arm(std::move(handler)); }, use_awaitable
        );
        if (state->error) std::rethrow_exception(state->error);
        co_return std::move(*state->value);
    }

  private:
    struct State {
        std::mutex mutex;
        bool finished = false;
        std::exception_ptr error;
        std::optional<T> value;
        std::shared_ptr<void> keep;
        void (*resume)(std::shared_ptr<void>) = nullptr;

        template <class Handler>
        void arm(Handler handler) {
            struct Held {
                Handler handler;
                asio::executor_work_guard<asio::associated_executor_t<Handler>> work;
            };
            auto work = asio::make_work_guard(handler);
            auto held = std::make_shared<Held>(Held{std::move(handler), std::move(work)});
            // Nothing of the coroutine stays with the thread that posts: once it is posted, the
            // coroutine may end, and its executor soon after.
            const auto post = [](std::shared_ptr<void> any) {
                auto mine = std::static_pointer_cast<Held>(std::move(any));
                const auto executor = asio::prefer(
                    mine->work.get_executor(), asio::execution::outstanding_work.untracked
                );
                asio::post(executor, [mine = std::move(mine)]() mutable {
                    auto run = std::move(mine->handler);
                    mine.reset();
                    std::move(run)();
                });
            };
            {
                const std::lock_guard lock(mutex);
                if (!finished) {
                    keep = held;
                    resume = post;
                    return;
                }
            }
            post(held);
        }

        void finish(std::exception_ptr failed, std::optional<T> result) {
            std::shared_ptr<void> waiting;
            {
                const std::lock_guard lock(mutex);
                if (finished) return;
                finished = true;
                error = std::move(failed);
                value = std::move(result);
                waiting = std::move(keep);
            }
            if (waiting) resume(std::move(waiting));
        }
    };
    std::shared_ptr<State> state_;
};

/// Runs blocking `work` on `pool` and resumes on the caller's executor with its result. Not
/// cancellable: the work must bound its own time.
template <class F>
auto on_pool(asio::thread_pool& pool, F work) -> awaitable<std::invoke_result_t<F&>> {
    using T = std::invoke_result_t<F&>;
    Promise<T> promise;
    asio::post(pool, [promise, work = std::move(work)]() mutable {
        try {
            promise.set(work());
        } catch (...) {
            promise.fail(std::current_exception());
        }
    });
    co_return co_await promise.wait();
}

}  // namespace outpost
