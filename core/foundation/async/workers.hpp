// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <asio/thread_pool.hpp>

#include <cstddef>
#include <mutex>
#include <optional>
#include <type_traits>
#include <utility>

#include "core/foundation/async/promise.hpp"

namespace outpost {

/// Threads for computing that would hold up an event loop for long. They start when they are first
/// needed; the end waits for what is being computed. Thread-safe.
class Workers {
  public:
    explicit Workers(std::size_t threads) : threads_(threads) {}

    /// Runs `work` on one of the threads and resumes on the caller's executor with its result or
    /// its exception. `work` and what it captures must not be tied to the coroutine.
    template <class F>
    awaitable<std::invoke_result_t<F&>> run(F work) {
        co_return co_await on_pool(pool(), std::move(work));
    }

  private:
    asio::thread_pool& pool() {
        std::call_once(started_, [this] { pool_.emplace(threads_); });
        return *pool_;
    }

    const std::size_t threads_;
    std::once_flag started_;
    std::optional<asio::thread_pool> pool_;
};

}  // namespace outpost
