// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>

#include <exception>
#include <optional>
#include <utility>

#include "core/foundation/async/awaitable.hpp"

namespace outpost {

/// Runs one coroutine on `loop`, in this thread, until nothing is left to do there; returns its
/// result or throws its exception. For commands, which have no other loop.
template <class T>
T run_to_end(asio::io_context& loop, awaitable<T> task) {
    std::optional<T> result;
    const auto keep = [](awaitable<T> from, std::optional<T>& into) -> awaitable<void> {
        into.emplace(co_await std::move(from));
    };
    asio::co_spawn(loop, keep(std::move(task), result), [](std::exception_ptr error) {
        if (error) std::rethrow_exception(error);
    });
    loop.run();
    return std::move(*result);
}

}  // namespace outpost
