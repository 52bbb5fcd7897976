// SPDX-License-Identifier: Apache-2.0
#include "transports/common/session_pool.hpp"

#include "core/foundation/async/detach.hpp"
#include "core/net/sockets/shortage.hpp"

namespace outpost::transports {
namespace {

// Says goodbye on the session's own loop; bounded by the time that QUIT may take.
awaitable<void> end(SessionPtr session) {
    co_await session->quit();
}

}  // namespace

OpenSession SessionPool::take(std::size_t loop, const std::string& key) {
    const std::lock_guard lock(mutex_);
    const auto found = idle_.find({key, loop});
    if (found == idle_.end()) return {};
    std::vector<Idle>& sessions = found->second;
    OpenSession taken =
        std::move(sessions.back().open);  // the one used last: least likely to be closed
    const bool stale = SteadyClock::now() - sessions.back().since > limits_.idle;
    sessions.pop_back();
    --idle_count_;
    if (sessions.empty()) idle_.erase(found);
    if (stale) return {};
    taken.fresh = false;
    return taken;
}

std::size_t SessionPool::idle_to(const std::string& key) const {
    std::size_t count = 0;
    for (auto it = idle_.lower_bound({key, 0}); it != idle_.end() && it->first.first == key; ++it)
        count += it->second.size();
    return count;
}

void SessionPool::put(
    std::size_t loop, const std::string& key, OpenSession session, const Executor& executor
) {
    session.session->rest();
    if (!net::shortage_now() && session.session->messages_sent() < limits_.messages_per_session &&
        session.session->may_begin_another()) {
        const std::lock_guard lock(mutex_);
        if (idle_to(key) < limits_.idle_per_destination && idle_count_ < limits_.idle_in_all) {
            ++idle_count_;
            idle_[{key, loop}].push_back({std::move(session), SteadyClock::now(), executor});
            return;
        }
    }
    detach(executor, end(std::move(session.session)));
}

void SessionPool::prune(bool all) noexcept {
    std::vector<Idle> old;
    {
        const std::lock_guard lock(mutex_);
        const SteadyTime limit = SteadyClock::now() - limits_.idle;
        for (auto it = idle_.begin(); it != idle_.end();) {
            std::erase_if(it->second, [&](Idle& one) {
                const bool over = all || one.since < limit;
                if (over) old.push_back(std::move(one));
                return over;
            });
            it = it->second.empty() ? idle_.erase(it) : std::next(it);
        }
        idle_count_ -= old.size();
    }
    for (Idle& one : old) {
        const Executor executor = one.executor;
        detach(executor, end(std::move(one.open.session)));
    }
}

}  // namespace outpost::transports
