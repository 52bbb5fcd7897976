// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <curl/curl.h>

#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "core/net/http_client/transfer.hpp"

namespace outpost::http_client {

/// All transfers at once on one thread of its own: a server that is slow, or silent, holds up no
/// other transfer. Thread-safe.
class Transfers {
  public:
    Transfers();
    ~Transfers();
    Transfers(const Transfers&) = delete;
    Transfers& operator=(const Transfers&) = delete;

    void add(std::unique_ptr<Transfer> transfer);
    /// Transfers under way, and later ones, end as stopped.
    void stop();

  private:
    using Batch = std::vector<std::unique_ptr<Transfer>>;

    void run();
    /// What was added since the last time; none when it is time to stop.
    std::optional<Batch> take_new();
    void begin(std::unique_ptr<Transfer> transfer);
    void end_finished();
    void stop_all();

    CURLM* const multi_;
    std::map<CURL*, std::unique_ptr<Transfer>> running_;  ///< the thread's own
    std::mutex mutex_;
    Batch new_;
    bool stopping_ = false;
    std::thread thread_;
};

}  // namespace outpost::http_client
