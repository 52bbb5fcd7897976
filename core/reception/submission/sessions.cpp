// SPDX-License-Identifier: Apache-2.0
#include "core/reception/submission/sessions.hpp"

#include <vector>

#include "core/foundation/base/log.hpp"

namespace outpost::submission {

using smtp::ServerSession;

void ConnectionCounter::add(const std::string& ip) {
    const std::lock_guard lock(mutex_);
    ++total_;
    ++by_ip_[ip];
}

void ConnectionCounter::remove(const std::string& ip) {
    const std::lock_guard lock(mutex_);
    --total_;
    const auto found = by_ip_.find(ip);
    if (--found->second == 0) by_ip_.erase(found);
}

std::size_t ConnectionCounter::total() const {
    const std::lock_guard lock(mutex_);
    return total_;
}

std::size_t ConnectionCounter::from(const std::string& ip) const {
    const std::lock_guard lock(mutex_);
    const auto found = by_ip_.find(ip);
    return found == by_ip_.end() ? 0 : found->second;
}

/// The sessions that run, and where.
struct Sessions::Register {
    struct Entry {
        std::shared_ptr<ServerSession> session;
        Executor executor;
    };

    std::uint64_t add(Entry entry) {
        const std::lock_guard lock(mutex);
        entries.emplace(++last, std::move(entry));
        return last;
    }
    void remove(std::uint64_t number) {
        const std::lock_guard lock(mutex);
        entries.erase(number);
    }
    std::vector<Entry> all() {
        const std::lock_guard lock(mutex);
        std::vector<Entry> copy;
        for (const auto& [number, entry] : entries)
            copy.push_back(entry);
        return copy;
    }

    std::mutex mutex;
    std::uint64_t last = 0;
    std::map<std::uint64_t, Entry> entries;
};

namespace {

/// A session's place in the books, for as long as its coroutine lives: also when that is destroyed
/// with its loop.
template <class Register>
class Place {
  public:
    Place(
        std::shared_ptr<Register> all, std::uint64_t number,
        std::shared_ptr<ConnectionCounter> counter, std::string ip
    )
        : all_(std::move(all)), number_(number), counter_(std::move(counter)), ip_(std::move(ip)) {
        counter_->add(ip_);
    }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    ~Place() {
        counter_->remove(ip_);
        all_->remove(number_);
    }

  private:
    std::shared_ptr<Register> all_;
    std::uint64_t number_;
    std::shared_ptr<ConnectionCounter> counter_;
    std::string ip_;
};

awaitable<void> serve(std::shared_ptr<ServerSession> session, std::shared_ptr<void> place) {
    co_await session->run();
}

awaitable<void> end(std::shared_ptr<ServerSession> session) {
    co_await session->shut_down();
}

/// SCRAM and PLAIN compute a PBKDF2: not on a loop, and not on more threads than this.
constexpr std::size_t auth_threads = 2;

}  // namespace

Sessions::Sessions() : register_(std::make_shared<Register>()), auth_pool_(auth_threads) {}

Sessions::~Sessions() {
    auth_pool_.join();
}

void Sessions::begin(asio::generic::stream_protocol::socket socket, SessionProfile profile) {
    const Executor executor = socket.get_executor();
    auto stream = net::make_server_stream(std::move(socket));
    const std::string ip = stream->remote_ip();
    auto session = std::make_shared<ServerSession>(
        std::move(stream), profile.settings, profile.policy, auth_pool_
    );
    const auto number = register_->add({session, executor});
    auto place = std::make_shared<Place<Register>>(register_, number, profile.connections, ip);
    tasks_.spawn("smtp session", executor, serve(std::move(session), std::move(place)));
}

void Sessions::shut_down() {
    for (auto& entry : register_->all()) {
        tasks_.spawn("smtp goodbye", entry.executor, end(std::move(entry.session)));
    }
}

}  // namespace outpost::submission
