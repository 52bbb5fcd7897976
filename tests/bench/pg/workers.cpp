// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/pg/workers.hpp"

#include <CLI/CLI.hpp>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include "tests/bench/tools/support.hpp"

namespace outpost::bench {

Work parse_work(int argc, char** argv, const char* description) {
    Work work;
    CLI::App app{description};
    app.add_option("--producers", work.producers);
    app.add_option("--consumers", work.consumers);
    app.add_option("--batch", work.batch, "messages a transaction");
    app.add_option("--size", work.size, "octets of a body");
    app.add_option("--messages", work.messages);
    app.add_option("--seconds", work.seconds, "instead of a number of messages");
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        std::exit(app.exit(error));
    }
    return work;
}

void Handover::put(Ids ids) {
    const std::lock_guard lock(mutex_);
    waiting_.push_back(std::move(ids));
    changed_.notify_one();
}

std::optional<Handover::Ids> Handover::take() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return ended_ || !waiting_.empty(); });
    if (waiting_.empty()) return std::nullopt;
    Ids ids = std::move(waiting_.front());
    waiting_.pop_front();
    return ids;
}

void Handover::end() {
    const std::lock_guard lock(mutex_);
    ended_ = true;
    changed_.notify_all();
}

void run_workers(
    const Work& work, const std::function<void()>& produce, const std::function<void()>& produced,
    const std::function<long()>& consume
) {
    const double started = now();
    std::atomic<long> finished{0};
    std::vector<std::thread> producers, consumers;
    for (int i = 0; i < work.producers; ++i)
        producers.emplace_back(produce);
    for (int i = 0; i < work.consumers; ++i)
        consumers.emplace_back([&] { finished += consume(); });
    for (std::thread& thread : producers)
        thread.join();
    produced();
    for (std::thread& thread : consumers)
        thread.join();
    const double seconds = now() - started;
    const auto count = static_cast<double>(finished.load());
    std::printf(
        "{\"messages\":%ld,\"seconds\":%.3f,\"per_second\":%.1f,\"batch\":%d,\"client_cpu_"
        "seconds\":"
        "%.3f}\n",
        finished.load(), seconds, count / seconds, work.batch, own_cpu()
    );
}

}  // namespace outpost::bench
