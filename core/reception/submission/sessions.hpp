// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <asio/generic/stream_protocol.hpp>
#include <asio/thread_pool.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "core/foundation/async/task_group.hpp"
#include "core/mail/smtp/server_session.hpp"

namespace outpost::submission {

/// How many connections one listener has, in all and from each address. Thread-safe.
class ConnectionCounter {
  public:
    void add(const std::string& ip);
    void remove(const std::string& ip);
    std::size_t total() const;
    std::size_t from(const std::string& ip) const;

  private:
    mutable std::mutex mutex_;
    std::size_t total_ = 0;
    std::map<std::string, std::size_t> by_ip_;
};

/// What the sessions of a listener share.
struct SessionProfile {
    std::shared_ptr<const smtp::ServerSettings> settings;
    std::shared_ptr<smtp::ServerPolicy> policy;
    std::shared_ptr<ConnectionCounter> connections;
};

/// Runs server sessions and ends them all when the time has come. Thread-safe.
class Sessions {
  public:
    Sessions();
    ~Sessions();

    /// Begins a session on the socket's loop; to be called there.
    void begin(asio::generic::stream_protocol::socket socket, SessionProfile profile);
    /// Tells all clients goodbye (421): those that wait at once, the others after their command.
    void shut_down();
    awaitable<bool> join(Deadline deadline) { co_return co_await tasks_.join(deadline); }
    std::size_t running() const { return tasks_.running(); }

  private:
    struct Register;
    std::shared_ptr<Register> register_;
    asio::thread_pool auth_pool_;
    TaskGroup tasks_;
};

}  // namespace outpost::submission
