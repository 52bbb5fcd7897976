// SPDX-License-Identifier: Apache-2.0
#include "core/foundation/database/pool.hpp"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <random>
#include <set>
#include <thread>
#include <vector>

#include "core/foundation/base/log.hpp"
#include "core/foundation/database/statement_watch.hpp"

namespace outpost::db {

namespace {

struct Job {
    std::function<void(Session&)> work;
    std::function<void(std::exception_ptr)> fail;
    SteadyTime until;
    bool repeated = false;
};

/// At most one attempt a second, and not all programs in step.
Duration backoff() {
    thread_local std::minstd_rand random{std::random_device{}()};
    std::uniform_int_distribution<int> spread(0, 500);
    return std::chrono::milliseconds(1000 + spread(random));
}

}  // namespace

struct Pool::State {
    explicit State(Settings s) : settings(std::move(s)) {}

    void work();
    void expire();
    bool connect(std::unique_ptr<Session>& session);
    void run(Job job, std::unique_ptr<Session>& session);
    void reconnect(std::unique_lock<std::mutex>& lock, std::unique_ptr<Session>& session);
    void drop(std::unique_ptr<Session>& session);
    std::optional<SteadyTime> may_connect_at() const;
    std::optional<SteadyTime> given_up_at() const;
    bool wait_for_turn(std::unique_lock<std::mutex>& lock, bool connected);
    std::deque<Job> take_overdue();

    const Settings settings;
    std::mutex mutex;
    std::condition_variable changed;
    std::deque<Job> queue;
    bool stopping = false;
    std::set<Session*> open;               ///< the threads' connections
    unsigned running = 0;                  ///< threads that have not ended
    bool probing = false;                  ///< a thread tries whether the database is back
    std::optional<SteadyTime> away_since;  ///< from a lost or refused connection to the next one
    SteadyTime next_attempt{};
    std::atomic<bool> reachable{true};
    std::vector<std::thread> threads;
};

Pool::Pool(Settings settings, unsigned threads)
    : state_(std::make_unique<State>(std::move(settings))) {
    const auto count =
        threads != 0 ? threads : static_cast<unsigned>(std::max(1, state_->settings.connections));
    state_->running = count;
    for (unsigned i = 0; i < count; ++i)
        state_->threads.emplace_back([this] { state_->work(); });
    state_->threads.emplace_back([this] { state_->expire(); });
}

Pool::~Pool() {
    stop();
}

Pool::Load Pool::load() const {
    const std::lock_guard lock(state_->mutex);
    return {state_->open.size(), state_->queue.size()};
}

bool Pool::reachable() const noexcept {
    return state_->reachable;
}

void Pool::post(std::function<void(Session&)> work, std::function<void(std::exception_ptr)> fail) {
    {
        const std::lock_guard lock(state_->mutex);
        if (!state_->stopping) {
            const auto until = SteadyClock::now() + state_->settings.longest_wait;
            state_->queue.push_back({std::move(work), std::move(fail), until});
            state_->changed.notify_all();
            return;
        }
    }
    fail(std::make_exception_ptr(Unavailable("the server is stopping")));
}

void Pool::stop() {
    constexpr std::chrono::seconds grace{5};
    std::deque<Job> left;
    {
        std::unique_lock lock(state_->mutex);
        if (state_->stopping) return;
        state_->stopping = true;
        left.swap(state_->queue);
        state_->changed.notify_all();
        state_->changed.wait_for(lock, grace, [this] { return state_->running == 0; });
        for (Session* session : state_->open)
            session->interrupt();
    }
    for (auto& thread : state_->threads)
        thread.join();
    // A job that was being repeated may have come back in the meantime.
    std::move(state_->queue.begin(), state_->queue.end(), std::back_inserter(left));
    for (auto& job : left)
        job.fail(std::make_exception_ptr(Unavailable("the server is stopping")));
}

/// When a thread without a connection should try for one; never, if nobody needs it.
std::optional<SteadyTime> Pool::State::may_connect_at() const {
    if (probing || (queue.empty() && reachable)) return std::nullopt;
    return next_attempt;
}

/// Waits until there is a job for a connected thread, or a reason to connect for another; false
/// when the pool stops.
bool Pool::State::wait_for_turn(std::unique_lock<std::mutex>& lock, bool connected) {
    while (!stopping) {
        if (connected) {
            if (!queue.empty()) return true;
            changed.wait(lock);
            continue;
        }
        const auto at = may_connect_at();
        if (at && *at <= SteadyClock::now()) return true;
        at ? static_cast<void>(changed.wait_until(lock, *at)) : changed.wait(lock);
    }
    return false;
}

/// One thread of the pool.
void Pool::State::work() {
    std::unique_ptr<Session> session;
    std::uint64_t silences = 0;  ///< before the session was made
    std::unique_lock lock(mutex);
    while (wait_for_turn(lock, session != nullptr)) {
        if (!session) {
            silences = StatementWatch::silences();
            reconnect(lock, session);
            continue;
        }
        if (!session->still_open() || silences != StatementWatch::silences()) {
            drop(session);
            continue;
        }
        auto job = std::move(queue.front());
        queue.pop_front();
        lock.unlock();
        run(std::move(job), session);
        lock.lock();
    }
    open.erase(session.get());
    --running;
    changed.notify_all();
}

/// Tries for a connection, without the lock; while the database is away, one thread asks for all.
void Pool::State::reconnect(std::unique_lock<std::mutex>& lock, std::unique_ptr<Session>& session) {
    if (open.empty() && !away_since) away_since = SteadyClock::now();
    const bool probe = away_since.has_value();
    probing = probing || probe;
    changed.notify_all();
    lock.unlock();
    const bool connected = connect(session);
    lock.lock();
    if (probe) probing = false;
    if (connected) {
        open.insert(session.get());
        away_since.reset();
        reachable = true;
    } else {
        reachable = false;
        if (!away_since) away_since = SteadyClock::now();
        next_attempt = SteadyClock::now() + backoff();
    }
    changed.notify_all();
}

/// Forgets a connection that was lost.
void Pool::State::drop(std::unique_ptr<Session>& session) {
    log::warning("db", "a connection to the database was lost");
    open.erase(session.get());
    session.reset();
    reachable = false;
    if (!away_since) away_since = SteadyClock::now();
    changed.notify_all();
}

bool Pool::State::connect(std::unique_ptr<Session>& session) {
    try {
        session = std::make_unique<Session>(settings);
        if (!reachable) log::info("db", "the database is reachable again");
        return true;
    } catch (const std::exception& error) {
        if (reachable) log::error("db", "{}", error.what());
        return false;
    }
}

/// Runs one job. A connection may have died while it was idle, which only the next job finds out:
/// so a job that did nothing yet gets a second connection.
void Pool::State::run(Job job, std::unique_ptr<Session>& session) {
    session->forget_history();
    std::exception_ptr error;
    bool repeat = false;
    try {
        job.work(*session);
    } catch (const Unavailable&) {
        error = std::current_exception();
        repeat = !session->touched() && !job.repeated;
    } catch (...) {
        error = std::current_exception();
    }
    if (!session->alive()) {
        const std::lock_guard lock(mutex);
        drop(session);
    }
    if (repeat) {
        job.repeated = true;
        const std::lock_guard lock(mutex);
        queue.push_front(std::move(job));
        changed.notify_all();
    } else if (error) {
        job.fail(error);
    }
}

/// When all that wait have waited long enough for a database that is away; never, while there is a
/// connection.
std::optional<SteadyTime> Pool::State::given_up_at() const {
    if (!away_since || !open.empty()) return std::nullopt;
    return *away_since + settings.patience;
}

/// Removes the jobs that have waited long enough.
std::deque<Job> Pool::State::take_overdue() {
    std::deque<Job> overdue;
    const auto now = SteadyClock::now();
    const auto given_up_by = given_up_at();
    const bool given_up = given_up_by && *given_up_by <= now;
    while (!queue.empty() && (given_up || queue.front().until <= now)) {
        overdue.push_back(std::move(queue.front()));
        queue.pop_front();
    }
    return overdue;
}

/// The thread that lets nothing wait too long while the others may hang in a connect.
void Pool::State::expire() {
    std::unique_lock lock(mutex);
    while (!stopping) {
        auto overdue = take_overdue();
        if (!overdue.empty()) {
            lock.unlock();
            for (auto& job : overdue)
                job.fail(std::make_exception_ptr(Unavailable("no connection to the database")));
            lock.lock();
            continue;
        }
        if (queue.empty()) {
            changed.wait(lock);
            continue;
        }
        auto until = queue.front().until;
        if (const auto given_up = given_up_at()) until = std::min(until, *given_up);
        changed.wait_until(lock, until);
    }
}

}  // namespace outpost::db
