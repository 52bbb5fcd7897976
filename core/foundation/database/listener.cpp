// SPDX-License-Identifier: Apache-2.0
#include "core/foundation/database/listener.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <list>
#include <system_error>
#include <thread>

#include "core/foundation/base/log.hpp"
#include "core/foundation/database/connection_string.hpp"
#include "core/foundation/database/errors.hpp"
#include "core/foundation/database/pqxx_shim.hpp"
#include "core/foundation/database/socket_handle.hpp"
#include "core/foundation/database/statement_watch.hpp"

namespace outpost::db {

namespace {

/// A flag that other threads set and a poll can wait for.
class StopSignal {
  public:
    StopSignal() : fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
        if (fd_ < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
    }
    ~StopSignal() { ::close(fd_); }
    StopSignal(const StopSignal&) = delete;
    StopSignal& operator=(const StopSignal&) = delete;

    void set() {
        set_ = true;
        ::eventfd_write(fd_, 1);
    }
    bool is_set() const { return set_; }

    /// Waits until `socket` (or nothing, for -1) can be read, the time is over, or `set`.
    void wait(int socket, int milliseconds) const {
        pollfd both[] = {{fd_, POLLIN, 0}, {socket, POLLIN, 0}};
        ::poll(both, 2, milliseconds);  // EINTR is a wake-up like the others
    }

  private:
    int fd_;
    std::atomic<bool> set_{false};
};

class Receiver : public pqxx::notification_receiver {
  public:
    Receiver(
        pqxx::connection& connection, const std::string& channel, const Listener::Callback& callback
    )
        : notification_receiver(connection, channel), callback_(callback) {}

    void operator()(const std::string& payload, int) override {
        try {
            callback_(payload);
        } catch (const std::exception& error) {
            log::error(
                "db", "a notification on {} could not be handled: {}", channel(), error.what()
            );
        }
    }

  private:
    const Listener::Callback& callback_;
};

struct ShutDownAtEnd {
    const SocketHandle& socket;
    ~ShutDownAtEnd() { socket.shut_down(); }
};

}  // namespace

struct Listener::State {
    State(Settings s, std::map<std::string, Callback> c)
        : settings(std::move(s)), channels(std::move(c)) {
        for (const auto& [name, callback] : channels)
            names += (names.empty() ? "" : ", ") + name;
    }

    void work();
    void listen();

    const Settings settings;
    const std::map<std::string, Callback> channels;
    std::string names;
    StopSignal stopped;
    bool complained = false;
    std::thread thread;
};

Listener::Listener(Settings settings, std::string channel, Callback callback)
    : Listener(
          std::move(settings),
          std::map<std::string, Callback>{{std::move(channel), std::move(callback)}}
      ) {}

Listener::Listener(Settings settings, std::map<std::string, Callback> channels)
    : state_(std::make_unique<State>(std::move(settings), std::move(channels))) {
    state_->thread = std::thread([state = state_.get()] { state->work(); });
}

Listener::~Listener() {
    stop();
}

void Listener::stop() {
    state_->stopped.set();
    if (state_->thread.joinable()) state_->thread.join();
}

void Listener::State::work() {
    constexpr int pause_ms = 1000;
    while (!stopped.is_set()) {
        try {
            listen();
        } catch (const std::exception& error) {
            // The pool tells the operator that the database is away; once is enough here.
            if (!complained) log::warning("db", "not listening on {}: {}", names, error.what());
            complained = true;
        }
        if (!stopped.is_set()) stopped.wait(-1, pause_ms);
    }
}

/// One connection's life.
void Listener::State::listen() {
    constexpr int check_ms = 30'000;
    pqxx::connection connection(complete_connection_string(settings));
    const SocketHandle socket(connection.sock());
    std::list<Receiver> receivers;  // they cannot be moved
    // Receivers say UNLISTEN when they go, which a silent server would never answer.
    const ShutDownAtEnd no_farewell{socket};
    {
        const StatementWatch::Guard watched(socket.get(), settings.hard_limit);
        for (const auto& [channel, callback] : channels)
            receivers.emplace_back(connection, channel, callback);
    }
    if (complained) log::info("db", "listening on {} again", names);
    complained = false;
    for (Receiver& receiver : receivers)
        receiver("", 0);
    while (!stopped.is_set()) {
        connection.get_notifs();
        if (!connection.is_open()) throw Unavailable("the connection was lost");
        stopped.wait(connection.sock(), check_ms);
    }
}

}  // namespace outpost::db
