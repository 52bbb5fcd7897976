// SPDX-License-Identifier: Apache-2.0
#include "core/net/http_server/server.hpp"

#include <httplib.h>

#include <atomic>
#include <chrono>
#include <exception>
#include <stdexcept>
#include <thread>
#include <utility>

#include "core/foundation/base/log.hpp"

namespace outpost::http_server {
namespace {

constexpr std::size_t threads = 2;
constexpr int patience = 5;  // seconds for a client to send its request, and to take the answer
constexpr std::size_t longest_request = 4096;

// Not the library's SO_REUSEPORT: a second node at the same address must fail, not get half of the
// requests.
void reuse_address(socket_t socket) {
    const int yes = 1;
    setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
}

Response call(const Page& page) {
    std::string fault;
    try {
        return page();
    } catch (const std::exception& error) {
        fault = error.what();
    }
    log::error("http", "a page could not be made: {}", fault);
    return {500, "text/plain; charset=utf-8", "internal error\n"};
}

}  // namespace

struct Server::Engine {
    int bind(const net::Endpoint& at) {
        const std::string host = at.address.to_string();
        if (at.port == 0) return server.bind_to_any_port(host);
        return server.bind_to_port(host, at.port) ? at.port : -1;
    }
    void listen() {
        thread = std::thread([this] {
            server.listen_after_bind();
            ended = true;
        });
    }
    void stop() {
        // The library ignores a stop that comes before its thread has begun to listen.
        while (!server.is_running() && !ended)
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        server.stop();
        thread.join();
    }

    httplib::Server server;
    std::thread thread;
    std::atomic<bool> ended{false};
};

Server::Server(std::map<std::string, Page> pages) : engine_(std::make_unique<Engine>()) {
    httplib::Server& server = engine_->server;
    server.new_task_queue = [] { return new httplib::ThreadPool(threads); };
    server.set_socket_options(reuse_address);
    server.set_read_timeout(patience);
    server.set_write_timeout(patience);
    // One request a connection: clients that keep theirs open would keep a thread each.
    server.set_keep_alive_max_count(1);
    server.set_payload_max_length(longest_request);
    // Not by the library's routes, whose patterns are regular expressions.
    server.set_pre_routing_handler(
        [pages = std::move(pages)](const httplib::Request& request, httplib::Response& response) {
            Response answer{404, "text/plain; charset=utf-8", "no such page\n"};
            const auto page = pages.find(request.path);
            const bool readable = request.method == "GET" || request.method == "HEAD";
            if (page != pages.end()) {
                answer = readable ? call(page->second)
                                  : Response{405, "text/plain; charset=utf-8", "only GET\n"};
            }
            response.status = answer.status;
            response.set_content(answer.body, answer.content_type);
            return httplib::Server::HandlerResponse::Handled;
        }
    );
}

Server::~Server() {
    stop();
}

void Server::start(const net::Endpoint& at) {
    const int port = engine_->bind(at);
    if (port < 0) throw std::runtime_error("cannot listen on " + at.text() + " for HTTP");
    port_ = static_cast<std::uint16_t>(port);
    engine_->listen();
    log::info("http", "serving on {}", net::Endpoint{at.address, port_}.text());
}

void Server::stop() {
    if (engine_->thread.joinable()) engine_->stop();
}

}  // namespace outpost::http_server
