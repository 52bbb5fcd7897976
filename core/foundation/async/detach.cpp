// SPDX-License-Identifier: Apache-2.0
#include "core/foundation/async/detach.hpp"

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>

#include <utility>

namespace outpost {

void detach(const Executor& executor, awaitable<void> task) {
    asio::co_spawn(executor, std::move(task), asio::detached);
}

}  // namespace outpost
