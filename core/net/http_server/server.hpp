// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "core/net/sockets/endpoint.hpp"

namespace outpost::http_server {

struct Response {
    int status = 200;
    std::string content_type = "text/plain; charset=utf-8";
    std::string body;
    std::string allow = {};  ///< methods that are allowed, for 405
};

/// Answers a GET of one path. Called on a thread of the server, by several at once; an exception
/// is answered with 500.
using Page = std::function<Response()>;

/// A small HTTP server for those who watch the node: fixed pages, a few clients at a time, on
/// threads of its own, so that it cannot slow down mail.
class Server {
  public:
    /// `pages` by their exact path ("/metrics"); others are 404.
    explicit Server(std::map<std::string, Page> pages);
    ~Server();  ///< stops

    /// Binds and begins to serve. Throws std::runtime_error with the address when that fails.
    /// Port 0: any free one.
    void start(const net::Endpoint& at);
    std::uint16_t port() const noexcept { return port_; }
    /// Finishes requests under way, and ends. Idempotent.
    void stop();

  private:
    struct Engine;
    std::unique_ptr<Engine> engine_;
    std::uint16_t port_ = 0;
};

}  // namespace outpost::http_server
