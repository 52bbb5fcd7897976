// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <deque>
#include <functional>
#include <list>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/delivery/dispatch/allowances.hpp"
#include "core/delivery/dispatch/parcel.hpp"
#include "core/delivery/dispatch/settings.hpp"
#include "core/foundation/base/clock.hpp"

namespace outpost::dispatch {

/// The waiting deliveries of this node, by destination. A slow or dead destination fills its own
/// lane and nothing else: lanes take turns, each has its limits, and one that reaches no host
/// rests. A plain data structure: no clock, no I/O; belongs to one thread.
class Lanes {
  public:
    Lanes(const Settings& settings, Allowances& allowances)
        : settings_(settings), allowances_(allowances) {}

    enum class Admission {
        waiting,  ///< taken
        full,     ///< the lane holds all it may: give the recipients back for now
        resting,  ///< the destination was just found dead: defer, with `resting_reason`
    };
    /// Takes the parcel, or leaves it as it is when there is no place for it.
    Admission admit(Parcel& parcel, SteadyTime now);
    /// When a full lane is likely to have place again, by the pace at which its deliveries end.
    std::chrono::milliseconds place_in(const LaneKey& lane) const;
    /// Why the destination rests: the words of the attempt that found it dead.
    std::string resting_reason(const LaneKey& lane) const;

    /// The next delivery that may start, its allowance taken; lanes in turn. A lane that may not
    /// begin more for now leaves its turn to the others.
    std::optional<Parcel> next(SteadyTime now);
    /// These destinations may have been allowed more: their lanes take turns again.
    void resume(const std::vector<queue::LimitKey>& destinations);
    /// A delivery of this lane has ended; gives its allowance back. `unreachable` is set when it
    /// reached no host. Returns what waited in the lane when that makes it rest: to be deferred.
    std::vector<Parcel> finished(
        const LaneKey& lane, const std::optional<std::string>& unreachable, SteadyTime now
    );

    /// Recipient domains of which nothing more should be claimed: their lanes are half full.
    std::vector<std::string> saturated() const;
    /// Calls `change` with everything that waits: it may change what is claimed, not how much.
    void for_each_waiting(const std::function<void(Parcel&)>& change);
    /// Takes out everything that waits (shutdown).
    std::vector<Parcel> clear();
    /// Forgets lanes that have been idle since long. To be called now and then.
    void sweep(SteadyTime now);

    std::size_t waiting_recipients() const noexcept { return waiting_recipients_; }
    std::size_t lane_count() const noexcept { return lanes_.size(); }

  private:
    struct Lane {
        std::list<Parcel> waiting;  ///< most lanes have none, and an empty deque takes 0.5 KiB
        std::size_t waiting_recipients = 0;
        std::size_t waiting_most = 0;  ///< recipients
        std::size_t running = 0;
        Limit limit;
        std::size_t unreachable_in_a_row = 0;
        std::string last_reason;
        SteadyTime rests_until{};
        SteadyTime last_used{};
        SteadyTime last_ended{};
        /// From one end of a delivery to the next, on average of late; unset before the second.
        std::optional<Duration> pace;
        bool has_turn = false;  ///< it stands in the turn of its transport
        bool stalled = false;   ///< its limit lets it begin no more for now
    };

    bool found_dead(const Lane& lane) const noexcept;
    bool may_start(const Lane& lane) const noexcept;
    static void note_end(Lane& lane, SteadyTime now);
    void offer_turn(const LaneKey& key, Lane& lane);
    std::optional<Parcel> next_of(const std::string& transport, SteadyTime now);
    Allowances::Lacking take_allowance(
        const LaneKey& key, const Lane& lane, std::size_t others, SteadyTime now
    );
    Lane& lane_for(const Parcel& parcel);
    void note_waiting(const LaneKey& key, Lane& lane, std::ptrdiff_t recipients);
    std::vector<Parcel> take_waiting(const LaneKey& key, Lane& lane);

    const Settings& settings_;
    Allowances& allowances_;
    std::map<LaneKey, Lane> lanes_;
    std::map<std::string, std::deque<LaneKey>> turns_;  ///< by transport: lanes that may start
    std::string last_transport_;                        ///< transports take turns, too
    std::set<LaneKey> crowded_;
    std::size_t waiting_recipients_ = 0;
};

}  // namespace outpost::dispatch
