// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <list>
#include <memory>

#include "core/foundation/async/awaitable.hpp"
#include "core/foundation/async/event_loops.hpp"
#include "core/foundation/async/task_group.hpp"
#include "core/net/http_server/request.hpp"
#include "core/net/http_server/server.hpp"
#include "core/net/sockets/listener.hpp"
#include "core/net/tls/context.hpp"

namespace outpost::http_server {

/// What is served. Called on all loops at once.
class Site {
  public:
    virtual ~Site() = default;
    /// How long the body of this request may be: a request that announces more gets 413. 0: the
    /// body is not read, and `answer` is called without one.
    virtual std::size_t longest_body(const RequestHead& head) const = 0;
    /// An exception is answered with 500.
    virtual awaitable<Response> answer(Request request) = 0;
};

struct PublicBounds {
    std::size_t connections = 100, connections_of_client = 5;
    std::size_t body_memory = 64 * 1024 * 1024;        ///< of all requests together
    Duration head_time = std::chrono::seconds(15);     ///< for TLS and the head of a request
    Duration request_time = std::chrono::seconds(60);  ///< for all of it, with the answer
    Duration parting_time = std::chrono::seconds(2);   ///< for a client whose body is not read
};

/// An HTTP/1.1 server for strangers: one request a connection. Bounded in number, size and time,
/// even for requests that trickle in. With a certificate it speaks HTTPS only. To be used from one
/// thread at a time; must end before the loops do.
class PublicServer {
  public:
    explicit PublicServer(EventLoops& loops, PublicBounds bounds = {});
    ~PublicServer();

    /// From now on `site`, over TLS unless the context is null. Requests under way end as they
    /// began.
    void serve(std::shared_ptr<Site> site, tls::ContextPtr tls);
    /// Opens one more port; after the first `serve`. Throws std::system_error that names the
    /// address.
    void start(const net::Endpoint& at);
    std::uint16_t port() const;  ///< the first one
    /// Takes no more connections.
    void stop();
    /// After stop: waits for the requests under way. True when all have ended.
    awaitable<bool> join(Deadline deadline);

  private:
    struct State;
    EventLoops& loops_;
    std::shared_ptr<State> state_;
    std::list<net::Listener> listeners_;
    TaskGroup tasks_;
};

}  // namespace outpost::http_server
