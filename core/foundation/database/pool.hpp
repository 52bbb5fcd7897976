// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <exception>
#include <functional>
#include <memory>
#include <type_traits>

#include "core/foundation/async/awaitable.hpp"
#include "core/foundation/async/promise.hpp"
#include "core/foundation/database/session.hpp"

namespace outpost::db {

/// Threads that own one connection each and share one queue of jobs: the bridge from coroutines to
/// the database, whose library blocks. Thread-safe.
///
/// While the database is away (no connection is left, and none can be made) a job waits at most
/// `patience` from the moment it went and then fails with Unavailable, so later ones fail at once.
/// While it is there and all connections are busy, a job waits `longest_wait` for its turn. A job
/// that lost its connection before it had begun a transaction is run once more on a fresh one; so
/// work outside a Transaction must bear being repeated.
class Pool {
  public:
    /// Starts the threads; they connect when there is work. `threads` 0: settings.connections.
    explicit Pool(Settings settings, unsigned threads = 0);
    ~Pool();
    Pool(const Pool&) = delete;
    Pool& operator=(const Pool&) = delete;

    /// Runs `work` on one of the pool's threads and resumes on the caller's executor with its
    /// result or its exception. `work` and what it captures must not be tied to the coroutine.
    template <class F>
    awaitable<std::invoke_result_t<F&, Session&>> run(F work) {
        using T = std::invoke_result_t<F&, Session&>;
        if constexpr (std::is_void_v<T>) {
            co_await run([work = std::move(work)](Session& session) mutable {
                work(session);
                return true;
            });
        } else {
            Promise<T> promise;
            auto job = [promise, work = std::move(work)](Session& session) mutable {
                promise.set(work(session));
            };
            post(std::move(job), [promise](std::exception_ptr error) {
                promise.fail(std::move(error));
            });
            co_return co_await promise.wait();
        }
    }

    /// The same with callbacks: `work` reports its own success; `fail` is called once, with what
    /// `work` threw or with Unavailable if it could not run. Both run on threads of the pool
    /// (`fail` on the caller's, when the pool has been stopped).
    void post(std::function<void(Session&)> work, std::function<void(std::exception_ptr)> fail);

    /// How busy it is, for the metrics.
    struct Load {
        std::size_t connections = 0;  ///< that are open
        std::size_t waiting = 0;      ///< jobs that no thread has taken yet
    };
    Load load() const;

    /// False from a lost or refused connection until the next one that works.
    bool reachable() const noexcept;
    /// Fails what waits with Unavailable, lets what runs end (a few seconds, then it is cut off),
    /// joins the threads.
    void stop();

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace outpost::db
