// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>

#include <chrono>
#include <exception>
#include <optional>
#include <stdexcept>

#include "core/foundation/async/awaitable.hpp"

namespace outpost::test {

/// Runs one coroutine to its end on `loop` and returns its result; throws if it takes over 30 s.
template <class T>
T run(asio::io_context& loop, awaitable<T> task) {
    std::exception_ptr error;
    std::optional<T> result;
    bool ended = false;
    asio::co_spawn(loop, std::move(task), [&](std::exception_ptr e, T value) {
        error = e;
        result = std::move(value);
        ended = true;
    });
    loop.restart();
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (!ended && std::chrono::steady_clock::now() < until)
        loop.run_one_for(std::chrono::milliseconds(100));
    if (!ended) throw std::runtime_error("the coroutine did not end within 30 s");
    if (error) std::rethrow_exception(error);
    return std::move(*result);
}

inline void run(asio::io_context& loop, awaitable<void> task) {
    const auto wrapped = [](awaitable<void> inner) -> awaitable<bool> {
        co_await std::move(inner);
        co_return true;
    };
    run(loop, wrapped(std::move(task)));
}

}  // namespace outpost::test
