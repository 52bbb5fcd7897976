// SPDX-License-Identifier: Apache-2.0
#include "core/delivery/dispatch/lanes.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace outpost::dispatch {

bool Lanes::found_dead(const Lane& lane) const noexcept {
    return settings_.unreachable_before_rest > 0 &&
           lane.unreachable_in_a_row >= settings_.unreachable_before_rest;
}

// After its rest a dead destination gets one probe at a time until one succeeds.
bool Lanes::may_start(const Lane& lane) const noexcept {
    if (lane.waiting.empty() || lane.stalled) return false;
    return !found_dead(lane) || lane.running == 0;
}

// Where few messages may go, few wait here: the others stay in the database, for any node. (To a
// relay's many domains the claim cannot look away.)
Lanes::Lane& Lanes::lane_for(const Parcel& parcel) {
    const auto [found, is_new] = lanes_.try_emplace(parcel.lane);
    auto& lane = found->second;
    if (!is_new) return lane;
    lane.limit = destination_limit(settings_, parcel.lane.next_hop);
    lane.waiting_most = settings_.waiting_per_destination;
    if (parcel.lane.next_hop.empty()) return lane;
    const auto whole = transport_limit(settings_, *parcel.snapshot, parcel.lane.transport);
    for (const auto& rate : {lane.limit.rate, whole.rate}) {
        if (rate.is_set()) lane.waiting_most = std::min(lane.waiting_most, 2 * rate.messages);
    }
    return lane;
}

void Lanes::offer_turn(const LaneKey& key, Lane& lane) {
    if (lane.has_turn || !may_start(lane)) return;
    lane.has_turn = true;
    turns_[key.transport].push_back(key);
}

void Lanes::note_waiting(const LaneKey& key, Lane& lane, std::ptrdiff_t recipients) {
    lane.waiting_recipients += static_cast<std::size_t>(recipients);
    waiting_recipients_ += static_cast<std::size_t>(recipients);
    // Half full is enough to stop claiming: what is on its way still finds a place.
    if (2 * lane.waiting_recipients >= lane.waiting_most && lane.waiting_recipients > 0) {
        crowded_.insert(key);
    } else {
        crowded_.erase(key);
    }
}

Lanes::Admission Lanes::admit(Parcel& parcel, SteadyTime now) {
    auto& lane = lane_for(parcel);
    lane.last_used = now;
    if (found_dead(lane) && now < lane.rests_until) return Admission::resting;
    if (lane.waiting_recipients >= lane.waiting_most) return Admission::full;
    const LaneKey key = parcel.lane;
    note_waiting(key, lane, std::ssize(parcel.claims));
    lane.waiting.push_back(std::move(parcel));
    offer_turn(key, lane);
    return Admission::waiting;
}

// Half of it must have gone: what comes then is not turned away again. A destination that takes
// thousands a second is not kept waiting for long, and one that takes few is not asked for in vain.
std::chrono::milliseconds Lanes::place_in(const LaneKey& key) const {
    constexpr std::chrono::milliseconds least{250}, most{5000};
    const auto found = lanes_.find(key);
    if (found == lanes_.end() || !found->second.pace) return most;
    const Lane& lane = found->second;
    const auto half = *lane.pace * static_cast<Duration::rep>(lane.waiting.size() / 2 + 1);
    return std::clamp(std::chrono::duration_cast<std::chrono::milliseconds>(half), least, most);
}

void Lanes::note_end(Lane& lane, SteadyTime now) {
    if (lane.last_ended != SteadyTime{}) {
        constexpr Duration::rep of_late = 50;  // ends that count
        const Duration since = now - lane.last_ended;
        lane.pace = lane.pace ? *lane.pace + (since - *lane.pace) / of_late : since;
    }
    lane.last_ended = now;
}

std::string Lanes::resting_reason(const LaneKey& lane) const {
    const auto found = lanes_.find(lane);
    return found == lanes_.end() ? std::string() : found->second.last_reason;
}

std::optional<Parcel> Lanes::next(SteadyTime now) {
    const auto transports = turns_.size();
    for (std::size_t tried = 0; tried < transports; ++tried) {
        auto turn = turns_.upper_bound(last_transport_);
        if (turn == turns_.end()) turn = turns_.begin();
        last_transport_ = turn->first;
        auto parcel = next_of(turn->first, now);
        if (turn->second.empty()) turns_.erase(turn);
        if (!parcel) continue;
        lanes_[parcel->lane].last_used = now;
        return parcel;
    }
    return std::nullopt;
}

std::optional<Parcel> Lanes::next_of(const std::string& transport, SteadyTime now) {
    auto& turn = turns_[transport];
    while (!turn.empty()) {
        const LaneKey key = turn.front();
        auto& lane = lanes_[key];
        if (!may_start(lane)) {
            lane.has_turn = false;
            turn.pop_front();
            continue;
        }
        const auto lacking = take_allowance(key, lane, turn.size() - 1, now);
        if (lacking == Allowances::Lacking::transport) return std::nullopt;
        if (lacking == Allowances::Lacking::destination) {
            lane.stalled = true;
            continue;
        }
        turn.pop_front();
        lane.has_turn = false;
        Parcel parcel = std::move(lane.waiting.front());
        lane.waiting.pop_front();
        ++lane.running;
        note_waiting(key, lane, -std::ssize(parcel.claims));
        offer_turn(key, lane);
        return parcel;
    }
    return std::nullopt;
}

Allowances::Lacking Lanes::take_allowance(
    const LaneKey& key, const Lane& lane, std::size_t others, SteadyTime now
) {
    const auto waiting = lane.waiting.size();
    const auto& snapshot = *lane.waiting.front().snapshot;
    const Need destination{{key.transport, key.next_hop}, lane.limit, waiting};
    const Need whole{
        queue::LimitKey::whole(key.transport), transport_limit(settings_, snapshot, key.transport),
        waiting + others
    };
    return allowances_.take(destination, whole, now);
}

void Lanes::resume(const std::vector<queue::LimitKey>& destinations) {
    for (const auto& one : destinations) {
        const LaneKey key{one.transport, one.destination};
        const auto found = lanes_.find(key);
        if (found == lanes_.end()) continue;
        found->second.stalled = false;
        offer_turn(key, found->second);
    }
}

std::vector<Parcel> Lanes::finished(
    const LaneKey& key, const std::optional<std::string>& unreachable, SteadyTime now
) {
    allowances_.give({key.transport, key.next_hop}, now);
    allowances_.give(queue::LimitKey::whole(key.transport), now);
    const auto found = lanes_.find(key);
    if (found == lanes_.end()) return {};
    auto& lane = found->second;
    lane.last_used = now;
    lane.stalled = false;
    if (lane.running > 0) --lane.running;
    note_end(lane, now);
    std::vector<Parcel> given_up;
    if (!unreachable) {
        lane.unreachable_in_a_row = 0;
    } else {
        ++lane.unreachable_in_a_row;
        lane.last_reason = *unreachable;
        if (found_dead(lane)) {
            lane.rests_until = now + settings_.rest;
            given_up = take_waiting(key, lane);
        }
    }
    offer_turn(key, lane);
    const bool idle = lane.waiting.empty() && lane.running == 0 && lane.unreachable_in_a_row == 0;
    if (idle && !lane.has_turn) lanes_.erase(found);
    return given_up;
}

std::vector<Parcel> Lanes::take_waiting(const LaneKey& key, Lane& lane) {
    std::vector<Parcel> parcels(
        std::make_move_iterator(lane.waiting.begin()), std::make_move_iterator(lane.waiting.end())
    );
    lane.waiting.clear();
    note_waiting(key, lane, -static_cast<std::ptrdiff_t>(lane.waiting_recipients));
    return parcels;
}

std::vector<std::string> Lanes::saturated() const {
    std::set<std::string> domains;
    for (const auto& key : crowded_) {
        for (const auto& parcel : lanes_.at(key).waiting) {
            for (const auto& claim : parcel.claims) {
                const auto& domain = claim.recipient.address.domain();
                if (!domain.empty()) domains.insert(domain.ascii());
            }
        }
    }
    return {domains.begin(), domains.end()};
}

void Lanes::for_each_waiting(const std::function<void(Parcel&)>& change) {
    for (auto& [key, lane] : lanes_) {
        for (auto& parcel : lane.waiting)
            change(parcel);
    }
}

std::vector<Parcel> Lanes::clear() {
    std::vector<Parcel> all;
    for (auto& [key, lane] : lanes_) {
        auto parcels = take_waiting(key, lane);
        std::move(parcels.begin(), parcels.end(), std::back_inserter(all));
    }
    return all;
}

void Lanes::sweep(SteadyTime now) {
    const auto memory = 10 * settings_.rest;
    std::erase_if(lanes_, [&](const auto& entry) {
        const auto& lane = entry.second;
        const bool idle = lane.waiting.empty() && lane.running == 0 && !lane.has_turn;
        return idle && now - lane.last_used > memory;
    });
}

}  // namespace outpost::dispatch
