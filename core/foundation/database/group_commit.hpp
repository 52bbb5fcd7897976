// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include "core/foundation/async/promise.hpp"
#include "core/foundation/base/clock.hpp"
#include "core/foundation/database/pool.hpp"

namespace outpost::db {

/// How much one batch may hold, how many batches may be under way at once, and how far their
/// beginnings are apart at least: under load, more items then share one commit, and each costs
/// less.
struct GroupLimits {
    std::size_t max_items = 256;
    std::size_t max_bytes = 4 * 1024 * 1024;
    std::size_t max_running = 1;
    Duration spacing{};
};

/// Lets many coroutines share one transaction: while a batch is being written, those that come
/// wait, and then all go together. So a single item is written at once, and under load the cost of
/// a commit is divided by the number that wait: a batch that would follow another too closely waits
/// for the rest of `spacing`, on the pool's thread. Thread-safe.
///
/// `Work` writes one batch in a Transaction of its own and returns one result an item, in order. If
/// it throws db::Error for several items, halves are tried, so that a bad item fails alone;
/// Unavailable and InDoubt reach every item of the batch.
template <class Item, class Result>
class GroupCommit {
  public:
    using Work = std::function<std::vector<Result>(Session&, std::span<Item>)>;

    /// The pool must outlive every submitted item.
    GroupCommit(Pool& pool, Work work, GroupLimits limits = {})
        : shared_(std::make_shared<Shared>(pool, std::move(work), limits)) {}

    /// Waits until the item is written; `bytes` is its weight against max_bytes.
    awaitable<Result> submit(Item item, std::size_t bytes = 0) {
        Promise<Result> promise;
        shared_->add(Waiting{std::move(item), bytes, promise});
        co_return co_await promise.wait();
    }

  private:
    struct Waiting {
        Item item;
        std::size_t bytes;
        Promise<Result> promise;
    };
    /// Items on their way, each beside its promise.
    struct Batch {
        std::vector<Item> items;
        std::vector<Promise<Result>> promises;
    };

    /// Outlives the GroupCommit while batches are under way.
    struct Shared : std::enable_shared_from_this<Shared> {
        Shared(Pool& p, Work w, GroupLimits l) : pool(p), work(std::move(w)), limits(l) {}

        void add(Waiting one) {
            {
                const std::lock_guard lock(mutex);
                waiting.push_back(std::move(one));
                if (running >= limits.max_running) return;
                ++running;
            }
            start();
        }

        /// The batch is filled when a connection is free, not before: so it is as large as can be.
        void start() {
            auto self = this->shared_from_this();
            auto batch = std::make_shared<Batch>();
            auto write = [self, batch](Session& session) {
                if (batch->items.empty()) {
                    std::this_thread::sleep_until(self->take_start());
                    self->fill(*batch, self->limits);
                }
                self->write(session, *batch, 0, batch->items.size());
                self->go_on();
            };
            auto fail = [self, batch](std::exception_ptr error) {
                const bool never_ran = batch->items.empty();
                if (never_ran) self->fill(*batch, everything);
                for (auto& promise : batch->promises)
                    promise.fail(error);
                self->go_on();
            };
            pool.post(std::move(write), std::move(fail));
        }

        /// When the batch may begin; none that comes later begins within `spacing` of that.
        SteadyTime take_start() {
            const std::lock_guard lock(mutex);
            if (waiting.size() >= limits.max_items) return last_start = SteadyClock::now();
            return last_start = std::max(SteadyClock::now(), last_start + limits.spacing);
        }

        void fill(Batch& batch, const GroupLimits& most) {
            const std::lock_guard lock(mutex);
            std::size_t bytes = 0;
            while (!waiting.empty() && batch.items.size() < most.max_items) {
                auto& next = waiting.front();
                if (!batch.items.empty() && next.bytes > most.max_bytes - bytes) return;
                bytes += std::min(next.bytes, most.max_bytes - bytes);
                batch.items.push_back(std::move(next.item));
                batch.promises.push_back(std::move(next.promise));
                waiting.pop_front();
            }
        }

        /// Writes a part of a batch; a part that the database refuses is halved until the items to
        /// blame stand alone.
        void write(Session& session, Batch& batch, std::size_t first, std::size_t count) {
            if (count == 0) return;
            try {
                auto results = work(session, std::span(batch.items).subspan(first, count));
                if (results.size() != count)
                    throw std::logic_error("a batch must give one result an item");
                for (std::size_t i = 0; i < count; ++i)
                    batch.promises[first + i].set(std::move(results[i]));
                return;
            } catch (const Error&) {
                if (count == 1) {
                    batch.promises[first].fail(std::current_exception());
                    return;
                }
            }
            write(session, batch, first, count / 2);
            write(session, batch, first + count / 2, count - count / 2);
        }

        /// What came in the meantime is the next batch.
        void go_on() {
            {
                const std::lock_guard lock(mutex);
                if (waiting.empty()) {
                    --running;
                    return;
                }
            }
            start();
        }

        static constexpr GroupLimits everything{SIZE_MAX, SIZE_MAX, 1, {}};
        Pool& pool;
        const Work work;
        const GroupLimits limits;
        std::mutex mutex;
        std::deque<Waiting> waiting;
        std::size_t running = 0;
        SteadyTime last_start{};
    };
    std::shared_ptr<Shared> shared_;
};

}  // namespace outpost::db
