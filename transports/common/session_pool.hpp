// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/delivery/smtp_client/smtp_session.hpp"
#include "core/foundation/async/awaitable.hpp"

namespace outpost::transports {

using SessionPtr = std::unique_ptr<delivery::SmtpSession>;

/// An open session with what is known of its remote end.
struct OpenSession {
    SessionPtr session;
    std::shared_ptr<const delivery::RemoteFacts> remote;
    bool fresh = true;  ///< false: it carried other messages before
};

/// Idle sessions, kept for the next message to the same destination. A session stays on the event
/// loop it was born on, so each loop has sessions of its own. Thread-safe.
class SessionPool {
  public:
    struct Limits {
        std::size_t messages_per_session = 100;
        std::size_t idle_per_destination = 4;
        std::chrono::seconds idle{30};
        std::size_t idle_in_all = 1000;  ///< each holds a descriptor that a delivery may need
    };
    explicit SessionPool(Limits limits) : limits_(limits) {}
    ~SessionPool() { prune(true); }

    /// `key` says where the session leads and what TLS it had to reach. Empty session: none idle.
    OpenSession take(std::size_t loop, const std::string& key);
    /// Keeps the session, or closes it when it has served enough or too many are idle.
    void put(
        std::size_t loop, const std::string& key, OpenSession session, const Executor& executor
    );
    /// Closes what has been idle for too long, or everything.
    void prune(bool all = false) noexcept;

  private:
    struct Idle {
        OpenSession open;
        SteadyTime since;
        Executor executor;  ///< of the loop that the session lives on
    };
    using Key = std::pair<std::string, std::size_t>;  ///< destination and loop
    std::size_t idle_to(const std::string& key) const;

    Limits limits_;
    std::mutex mutex_;
    std::map<Key, std::vector<Idle>> idle_;
    std::size_t idle_count_ = 0;
};

}  // namespace outpost::transports
