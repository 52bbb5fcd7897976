// SPDX-License-Identifier: Apache-2.0
#include "core/foundation/database/statement_watch.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "core/foundation/base/clock.hpp"
#include "core/foundation/base/log.hpp"

namespace outpost::db {

namespace {

/// The address to which a socket is connected, as the system calls have it; empty: to none.
using Peer = std::string;

Peer peer_of(int socket) {
    sockaddr_storage address{};
    socklen_t length = sizeof address;
    if (::getpeername(socket, reinterpret_cast<sockaddr*>(&address), &length) != 0) return {};
    return {reinterpret_cast<const char*>(&address), length};
}

/// Waits until the socket is ready for `events`.
bool wait_for(int socket, short events, SteadyTime until) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(until - SteadyClock::now());
    if (left.count() <= 0) return false;
    pollfd one{socket, events, 0};
    return ::poll(&one, 1, static_cast<int>(left.count())) == 1;
}

/// Connects and asks whether TLS is spoken there: the shortest question of PostgreSQL's protocol,
/// answered before any login (chapter "Message Formats", SSLRequest).
bool knock(int socket, const Peer& peer, SteadyTime until) {
    const auto* const address = reinterpret_cast<const sockaddr*>(peer.data());
    if (::connect(socket, address, static_cast<socklen_t>(peer.size())) != 0 &&
        errno != EINPROGRESS)
        return false;
    if (!wait_for(socket, POLLOUT, until)) return false;
    constexpr std::array<unsigned char, 8> ssl_request{0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f};
    if (::send(socket, ssl_request.data(), ssl_request.size(), MSG_NOSIGNAL) !=
        static_cast<ssize_t>(ssl_request.size()))
        return false;
    if (!wait_for(socket, POLLIN, until)) return false;
    char answer = 0;
    return ::recv(socket, &answer, 1, 0) == 1;
}

/// Whether a PostgreSQL server, or a proxy in front of it, answers there.
bool answers_at(const Peer& peer, std::chrono::milliseconds patience) {
    if (peer.empty()) return false;
    const int family = reinterpret_cast<const sockaddr*>(peer.data())->sa_family;
    const int fresh = ::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fresh < 0) return true;  // our own shortage says nothing about the server
    const bool answered = knock(fresh, peer, SteadyClock::now() + patience);
    ::close(fresh);
    return answered;
}

struct Watched {
    int socket;
    SteadyTime ask_at;                 ///< when its server is to be knocked at
    std::optional<SteadyTime> cut_at;  ///< when it ends in any case
};

/// The one thread that watches all statements of the program; it sleeps while there are none.
class Watcher {
  public:
    static Watcher& instance() {
        static Watcher watcher;
        return watcher;
    }
    ~Watcher() {
        {
            const std::lock_guard lock(mutex_);
            stopping_ = true;
        }
        changed_.notify_all();
        if (thread_.joinable()) thread_.join();
    }

    std::uint64_t add(int socket, std::chrono::milliseconds hard_limit) {
        const auto now = SteadyClock::now();
        Watched one{socket, now + StatementWatch::silence, std::nullopt};
        if (hard_limit.count() > 0) one.cut_at = now + hard_limit;
        const std::lock_guard lock(mutex_);
        if (!thread_.joinable()) thread_ = std::thread([this] { work(); });
        if (watched_.empty()) changed_.notify_all();
        watched_.emplace(++last_id_, one);
        return last_id_;
    }

    void remove(std::uint64_t id) {
        const std::lock_guard lock(mutex_);
        watched_.erase(id);
    }

    std::uint64_t silences() const noexcept { return silences_; }

  private:
    void work() {
        constexpr std::chrono::seconds tick{1};
        std::unique_lock lock(mutex_);
        while (!stopping_) {
            if (watched_.empty()) {
                changed_.wait(lock);
                continue;
            }
            changed_.wait_for(lock, tick, [this] { return stopping_; });
            cut_the_overlong();
            ask_for_the_silent(lock);
        }
    }

    void cut(const Watched& one) { ::shutdown(one.socket, SHUT_RDWR); }

    void cut_the_overlong() {
        const auto now = SteadyClock::now();
        for (const auto& [id, one] : watched_) {
            if (one.cut_at && *one.cut_at <= now) cut(one);
        }
    }

    /// Knocks once at each address, without the lock, and judges all statements there by the
    /// answer.
    void ask_for_the_silent(std::unique_lock<std::mutex>& lock) {
        std::map<std::uint64_t, Peer> silent;
        for (const auto& [id, one] : watched_) {
            if (one.ask_at <= SteadyClock::now()) silent.emplace(id, peer_of(one.socket));
        }
        std::map<Peer, bool> answers;
        lock.unlock();
        for (const auto& [id, peer] : silent) {
            if (!answers.contains(peer))
                answers[peer] = answers_at(peer, StatementWatch::knock_time);
        }
        lock.lock();
        for (const auto& [id, peer] : silent) {
            const auto found = watched_.find(id);
            if (found != watched_.end())
                found->second.ask_at = SteadyClock::now() + StatementWatch::silence;
        }
        for (const auto& [peer, answered] : answers) {
            if (!answered) give_up(peer);
        }
    }

    /// Cuts all that wait for this server, however long they have waited: it answers nobody.
    void give_up(const Peer& peer) {
        log::warning("db", "the database does not answer any more, its connections are given up");
        ++silences_;
        for (const auto& [id, one] : watched_) {
            if (peer_of(one.socket) == peer) cut(one);
        }
    }

    std::mutex mutex_;
    std::condition_variable changed_;
    std::map<std::uint64_t, Watched> watched_;
    std::uint64_t last_id_ = 0;
    std::atomic<std::uint64_t> silences_{0};
    bool stopping_ = false;
    std::thread thread_;
};

}  // namespace

StatementWatch::Guard::Guard(int socket, std::chrono::milliseconds hard_limit)
    : id_(Watcher::instance().add(socket, hard_limit)) {}

std::uint64_t StatementWatch::silences() noexcept {
    return Watcher::instance().silences();
}

StatementWatch::Guard::~Guard() {
    Watcher::instance().remove(id_);
}

}  // namespace outpost::db
