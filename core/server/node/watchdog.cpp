// SPDX-License-Identifier: Apache-2.0
#include "core/server/node/watchdog.hpp"

#include <asio/post.hpp>

#include "core/server/node/systemd.hpp"

namespace outpost::server {

Watchdog::Watchdog(EventLoops& loops)
    : loops_(loops), interval_(watchdog_interval().value_or(std::chrono::milliseconds(1000))) {}

void Watchdog::tick() {
    if (answers_ && *answers_ == loops_.size()) notify_service_manager("WATCHDOG=1");
    answers_ = std::make_shared<std::atomic<std::size_t>>(0);
    for (std::size_t i = 0; i < loops_.size(); ++i) {
        asio::post(loops_.at(i), [answers = answers_] { ++*answers; });
    }
}

}  // namespace outpost::server
