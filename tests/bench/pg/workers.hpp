// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace outpost::bench {

/// How a bare client is to work: as many connections as threads, `batch` messages a transaction.
struct Work {
    int producers = 2, consumers = 2, batch = 64, size = 10240;
    long messages = 0;   ///< so many, or
    double seconds = 0;  ///< for so long
};
Work parse_work(int argc, char** argv, const char* description);

/// Ids that are inserted and may be taken, by the batch.
class Handover {
  public:
    using Ids = std::vector<std::int64_t>;
    void put(Ids ids);
    /// None when all producers have ended and everything is taken.
    std::optional<Ids> take();
    void end();

  private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<Ids> waiting_;
    bool ended_ = false;
};

/// Runs the threads until each has returned, and prints how many messages a second were finished,
/// as JSON; `consume` returns how many messages it took to their end.
void run_workers(
    const Work& work, const std::function<void()>& produce, const std::function<void()>& produced,
    const std::function<long()>& consume
);

}  // namespace outpost::bench
