// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "core/foundation/base/clock.hpp"
#include "core/foundation/base/ids.hpp"
#include "core/foundation/database/session.hpp"

namespace outpost::queue {

struct NodeFacts {
    std::string name;  ///< unique among the nodes that run; a new run takes over from the old one
    std::string hostname;
    std::string program;  ///< version of the program
    std::string config_version;
};

/// NOTIFY, with the name of a node that another run takes over.
inline constexpr const char* takeover_channel = "outpost_takeover";

/// This run of the server, as the database knows it. Everything that the node has leased is kept by
/// one row, renewed eight times in the length of a lease on a connection of its own, so that a busy
/// pool cannot delay it.
class Node {
  public:
    /// Registers and starts the heartbeat. Leases of earlier runs under the same name end at once,
    /// which NOTIFY tells them. `superseded` is called, on the heartbeat's thread, when a later run
    /// has taken our name. `tick` is called there several times a second. `clock` is for tests; it
    /// is the machine's own by default, and may be asked on any thread. Throws db::Unavailable or
    /// db::Error.
    using Clock = SteadyTime (*)() noexcept;
    Node(
        db::Settings settings, NodeFacts facts, std::function<void()> superseded,
        std::function<void()> tick, Clock clock = awake_or_not
    );
    ~Node();
    Node(const Node&) = delete;
    Node& operator=(const Node&) = delete;

    NodeId id() const noexcept { return id_; }
    const std::string& name() const noexcept { return facts_.name; }
    /// Whether our lease is sure to hold for a quarter of its length more, by the monotonic clock.
    bool lease_is_safe() const noexcept;
    /// The same for what was leased under this token. False as well when our lease was renewed too
    /// late: what was leased before that may have been taken over, and only the database can tell.
    bool lease_is_safe(LeaseToken token) const noexcept;
    /// Whether a node without a sign of life may be taken for dead. Not while we have none to give
    /// either, nor just after: whoever lost the database as we did gets the time to come back, for
    /// it may know of outcomes that it could not record.
    bool may_judge_others() const noexcept;
    /// How often the lease had run out before a heartbeat renewed it: after that, others no longer
    /// counted what this node held.
    std::uint64_t lease_losses() const noexcept { return lease_losses_; }
    /// The database's time of day, by which all nodes agree, whatever this machine's clock says.
    WallTime now() const noexcept;
    void set_config_version(std::string version);
    /// The monotonic clock of leases. It goes on while the machine sleeps, as the database's clock
    /// does; the steady clock stands still then.
    static SteadyTime awake_or_not() noexcept;
    /// Renews the lease now instead of at the next heartbeat, and so learns at once if a later run
    /// has taken our name: for whoever heard `takeover_channel`. Returns without waiting for it.
    void renew_now();
    /// Gives everything back that is still leased, untried, and signs off; `last_words` is called
    /// first, for what the database does not know yet of deliveries under way. Best effort: what it
    /// cannot give back, others take over.
    void leave(const std::function<void(db::Session&)>& last_words = {}) noexcept;

  private:
    void run();
    void beat(db::Session& session);
    void set_clock(WallTime database) noexcept;
    void replace(std::unique_ptr<db::Session>& session);
    void stop_thread();

    const db::Settings settings_;
    const Duration lease_, heartbeat_, margin_;
    NodeFacts facts_;
    const std::function<void()> superseded_, tick_;
    const Clock clock_;
    NodeId id_{};
    std::atomic<SteadyTime::rep> safe_until_{0};
    /// The newest token that may have been given before a lapse of our lease.
    std::atomic<std::int64_t> doubtful_{0};
    std::atomic<SteadyTime::rep> judges_from_{0};
    std::atomic<std::uint64_t> lease_losses_{0};
    /// What the database's time of day is ahead of our monotonic clock; measured at each heartbeat.
    std::atomic<Duration::rep> clock_offset_{0};
    std::mutex mutex_;
    std::condition_variable wake_;
    bool stopping_ = false;
    bool renew_now_ = false;
    bool left_ = false;
    db::Session* session_ = nullptr;  ///< the heartbeat's, while it has one
    std::thread thread_;
};

}  // namespace outpost::queue
