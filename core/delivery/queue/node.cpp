// SPDX-License-Identifier: Apache-2.0
#include "core/delivery/queue/node.hpp"

#include <algorithm>
#include <ctime>

#include "core/foundation/base/log.hpp"

namespace outpost::queue {
namespace {

using db::Statement;

// Earlier runs under this name are over: whoever starts a node with a name says so.
const Statement end_earlier_runs{"node_end_earlier_runs", R"(
    UPDATE outpost_private.node SET lease_until = clock_timestamp()
    WHERE name = $1 AND lease_until > clock_timestamp()
)"};
// Heard when this has been committed: an earlier run that still lives sends no dot after that.
const Statement tell_earlier_runs{"node_tell_earlier_runs", "SELECT pg_notify($1, $2)"};
const Statement enter{"node_enter", R"(
    INSERT INTO outpost_private.node (name, hostname, program, config_version, lease_until)
    VALUES ($1, $2, $3, $4, clock_timestamp() + make_interval(secs => $5::float8))
    RETURNING id, clock_timestamp()
)"};
const Statement renew{"node_renew", R"(
    UPDATE outpost_private.node n
    SET heartbeat_at = clock_timestamp(), config_version = $3,
        lease_until = clock_timestamp() + make_interval(secs => $2::float8)
    WHERE id = $1 AND NOT EXISTS (
        SELECT FROM outpost_private.node later WHERE later.name = n.name AND later.id > n.id)
    RETURNING id, clock_timestamp()
)"};
const Statement newest_token{
    "node_newest_token", "SELECT last_value FROM outpost_private.lease_token"
};
const Statement give_all_back{"node_give_all_back", R"(
    UPDATE outpost_private.recipient
    SET state = 'queued', attempts = greatest(attempts - 1, 0),
        next_attempt_at = clock_timestamp(), lease_node = NULL, stage = ''
    WHERE state = 'leased' AND lease_node = $1 AND stage <> 'final_dot'
)"};
const Statement sign_off{"node_sign_off", R"(
    UPDATE outpost_private.node
    SET lease_until = clock_timestamp(), stopped_at = clock_timestamp()
    WHERE id = $1
)"};
const Statement wake_others{"node_wake_others", "SELECT pg_notify('outpost_work', '')"};

double seconds(Duration span) {
    return std::chrono::duration<double>(span).count();
}

/// A renewal that takes longer than a quarter of a lease has failed, and is to be tried once more
/// while the lease still holds.
db::Settings for_heartbeats(db::Settings settings) {
    const auto quarter = settings.lease / 4;
    settings.statement_timeout = std::min(settings.statement_timeout, quarter);
    settings.connect_timeout =
        std::min(settings.connect_timeout, std::chrono::ceil<std::chrono::seconds>(quarter));
    return settings;
}

}  // namespace

SteadyTime Node::awake_or_not() noexcept {
#ifdef CLOCK_BOOTTIME
    timespec time{};
    ::clock_gettime(CLOCK_BOOTTIME, &time);
    return SteadyTime(std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec));
#else
    return SteadyClock::now();
#endif
}

Node::Node(
    db::Settings settings, NodeFacts facts, std::function<void()> superseded,
    std::function<void()> tick, Clock clock
)
    : settings_(for_heartbeats(std::move(settings))),
      lease_(settings_.lease),
      heartbeat_(lease_ / 8),
      margin_(lease_ / 4),
      facts_(std::move(facts)),
      superseded_(std::move(superseded)),
      tick_(std::move(tick)),
      clock_(clock) {
    db::Session session(settings_);
    const SteadyTime asked = clock_();
    db::Transaction transaction(session);
    session.exec(end_earlier_runs, facts_.name);
    session.exec(tell_earlier_runs, takeover_channel, facts_.name);
    const db::Rows entered = session.exec(
        enter, facts_.name, facts_.hostname, facts_.program, facts_.config_version, seconds(lease_)
    );
    id_ = NodeId{entered.at(0).number(0)};
    set_clock(entered.at(0).time(1));
    transaction.commit();
    safe_until_ = (asked + lease_ - margin_).time_since_epoch().count();
    thread_ = std::thread([this] { run(); });
}

Node::~Node() {
    stop_thread();
}

bool Node::lease_is_safe() const noexcept {
    return clock_().time_since_epoch().count() < safe_until_.load(std::memory_order_relaxed);
}

bool Node::lease_is_safe(LeaseToken token) const noexcept {
    return lease_is_safe() && to_number(token) > doubtful_;
}

bool Node::may_judge_others() const noexcept {
    return lease_is_safe() && clock_().time_since_epoch().count() >= judges_from_;
}

void Node::set_clock(WallTime database) noexcept {
    clock_offset_ = (database.time_since_epoch() - clock_().time_since_epoch()).count();
}

WallTime Node::now() const noexcept {
    return WallTime(clock_().time_since_epoch() + Duration(clock_offset_));
}

void Node::set_config_version(std::string version) {
    const std::lock_guard lock(mutex_);
    facts_.config_version = std::move(version);
}

void Node::renew_now() {
    {
        const std::lock_guard lock(mutex_);
        renew_now_ = true;
    }
    wake_.notify_all();
}

/// The heartbeat's connection; others may interrupt it while it is `session_`.
void Node::replace(std::unique_ptr<db::Session>& session) {
    {
        const std::lock_guard lock(mutex_);
        session_ = nullptr;
    }
    session.reset();
    session = std::make_unique<db::Session>(settings_);
    const std::lock_guard lock(mutex_);
    session_ = session.get();
    if (stopping_) session_->interrupt();
}

void Node::run() {
    constexpr std::chrono::seconds retry_pause{1};
    std::unique_ptr<db::Session> session;
    SteadyTime next_beat = SteadyClock::now() + heartbeat_;
    std::unique_lock lock(mutex_);
    const auto wanted = [this] { return stopping_ || renew_now_; };
    while (true) {
        wake_.wait_for(lock, std::chrono::milliseconds(200), wanted);
        if (stopping_) break;
        if (std::exchange(renew_now_, false)) next_beat = SteadyClock::now();
        lock.unlock();
        tick_();
        if (SteadyClock::now() >= next_beat) {
            next_beat = SteadyClock::now() + heartbeat_;
            try {
                if (!session || !session->still_open()) replace(session);
                beat(*session);
            } catch (const std::exception& error) {
                next_beat = SteadyClock::now() + std::min<Duration>(heartbeat_, retry_pause);
                log::warning("node", "cannot renew the lease: {}", error.what());
            }
        }
        lock.lock();
    }
    session_ = nullptr;
}

void Node::beat(db::Session& session) {
    std::string version;
    {
        const std::lock_guard lock(mutex_);
        version = facts_.config_version;
    }
    const SteadyTime asked = clock_();
    const SteadyTime::rep safe_before = safe_until_;
    const db::Rows rows = session.exec(renew, to_number(id_), seconds(lease_), version);
    if (rows.empty()) {
        log::error(
            "node", "another node has been started under the name {}: this one stops", facts_.name
        );
        safe_until_ = 0;
        superseded_();
        return;
    }
    set_clock(rows.at(0).time(1));
    if (!lease_is_safe()) ++lease_losses_;  // perhaps: nobody knows how long the database waited
    // First the doubt, then the trust: a final dot in between must see the doubt.
    const SteadyTime answered = clock_();
    if (answered.time_since_epoch().count() >= safe_before) {
        // Asked for when the renewal has been committed: whoever leases later leases under it.
        doubtful_ = session.exec(newest_token).at(0).number(0);
        judges_from_ = (answered + lease_ / 4).time_since_epoch().count();
        log::warning(
            "node", "the lease was renewed late: what was leased before is asked for again"
        );
    }
    safe_until_ = (asked + lease_ - margin_).time_since_epoch().count();
}

void Node::stop_thread() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
        if (session_ != nullptr) session_->interrupt();
    }
    wake_.notify_all();
    if (thread_.joinable()) thread_.join();
}

void Node::leave(const std::function<void(db::Session&)>& last_words) noexcept {
    if (std::exchange(left_, true)) return;
    try {
        stop_thread();
        db::Settings brief = settings_;
        brief.hard_limit = std::chrono::seconds(5);
        db::Session session(brief);
        if (last_words) last_words(session);
        db::Transaction transaction(session);
        session.exec(give_all_back, to_number(id_));
        session.exec(sign_off, to_number(id_));
        session.exec(wake_others);
        transaction.commit();
    } catch (const std::exception& error) {
        log::warning(
            "node", "cannot sign off, others will take over when the lease ends: {}", error.what()
        );
    }
}

}  // namespace outpost::queue
