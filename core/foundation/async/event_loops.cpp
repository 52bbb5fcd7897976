// SPDX-License-Identifier: Apache-2.0
#include "core/foundation/async/event_loops.hpp"

#include <algorithm>

#include "core/foundation/base/log.hpp"

namespace outpost {
namespace {

// A handler that throws (a bug: coroutines report through their TaskGroup) must not end the server.
void run(asio::io_context& loop) {
    while (!loop.stopped()) {
        try {
            loop.run();
        } catch (const std::exception& error) {
            log::error("loop", "a handler threw: {}", error.what());
        }
    }
}

}  // namespace

EventLoops::EventLoops(std::size_t count) {
    for (std::size_t i = 0; i < std::max<std::size_t>(1, count); ++i) {
        loops_.push_back(std::make_unique<Loop>(1));
        guards_.push_back(asio::make_work_guard(*loops_.back()));
    }
}

EventLoops::~EventLoops() {
    stop();
}

void EventLoops::start() {
    for (auto& loop : loops_) {
        threads_.emplace_back([&context = *loop] { run(context); });
    }
}

void EventLoops::stop() {
    for (auto& guard : guards_)
        guard.reset();
    for (auto& loop : loops_)
        loop->stop();
    for (auto& thread : threads_)
        thread.join();
    threads_.clear();
    for (auto& loop : loops_)
        loop->shutdown();
}

}  // namespace outpost
