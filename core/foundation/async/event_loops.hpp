// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <asio/io_context.hpp>

#include <atomic>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "core/foundation/async/awaitable.hpp"

namespace outpost {

/// One single-threaded io_context a core. A session lives on the loop it was born on, so its state
/// needs no lock and no strand.
class EventLoops {
  public:
    /// Makes `count` loops (at least one); they run once `start` is called.
    explicit EventLoops(std::size_t count);
    ~EventLoops();

    void start();
    /// Stops all loops, joins their threads, and destroys what still waits: what it uses must live
    /// until then, and need not live longer.
    void stop();

    std::size_t size() const noexcept { return loops_.size(); }
    asio::io_context& at(std::size_t index) noexcept { return *loops_[index]; }
    /// The loops in turn: where a new session is to live.
    std::size_t next_index() noexcept { return next_++ % loops_.size(); }

  private:
    using Guard = asio::executor_work_guard<asio::io_context::executor_type>;
    struct Loop : asio::io_context {
        using asio::execution_context::shutdown;  // destroys the coroutines that wait
        using asio::io_context::io_context;
    };
    std::vector<std::unique_ptr<Loop>> loops_;
    std::vector<Guard> guards_;
    std::vector<std::thread> threads_;
    std::atomic<std::size_t> next_{0};
};

}  // namespace outpost
