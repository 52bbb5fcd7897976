// SPDX-License-Identifier: Apache-2.0
#include "core/delivery/dispatch/slots.hpp"

#include <algorithm>
#include <utility>

namespace outpost::dispatch {

using queue::LimitKey;
using queue::MessageGrant;
using queue::MessageRequest;
using queue::SlotGrant;
using queue::SlotRequest;

// Taking and giving

Slots::Lacking Slots::take(const Need& destination, const Need& transport, SteadyTime now) {
    const std::lock_guard lock(mutex_);
    auto& whole = entry_of(transport, now);
    if (!has_slot(whole, now)) {
        want_slots(whole, transport, now);
        return Lacking::transport;
    }
    auto& one = entry_of(destination, now);
    if (!has_slot(one, now)) {
        want_slots(one, destination, now);
        return Lacking::destination;
    }
    // Both are asked for together: what is granted may not be used for long.
    const bool destination_may = may_send(one, destination, now);
    if (!may_send(whole, transport, now)) return Lacking::transport;
    if (!destination_may) return Lacking::destination;
    use(whole);
    use(one);
    return Lacking::nothing;
}

bool Slots::take(const Need& need, SteadyTime now) {
    const std::lock_guard lock(mutex_);
    auto& entry = entry_of(need, now);
    if (!has_slot(entry, now)) {
        want_slots(entry, need, now);
        return false;
    }
    if (!may_send(entry, need, now)) return false;
    use(entry);
    return true;
}

void Slots::give(const LimitKey& key, SteadyTime now) {
    Waiting waiting;
    {
        const std::lock_guard lock(mutex_);
        const auto found = entries_.find(key);
        if (found == entries_.end()) return;
        auto& entry = found->second;
        if (entry.used > 0) --entry.used;
        if (is_idle(entry)) {
            entries_.erase(found);
        } else if (is_above_ceiling(entry, now)) {
            changed_ = true;  // another node waits for it
        }
        waiting = waiting_for(key);
    }
    if (waiting) waiting->offer();
}

// Waiting. A queue is asked without our lock, which it takes itself to try.

Slots::Slot& Slots::Slot::operator=(Slot&& other) noexcept {
    Slot old(std::move(*this));
    owner_ = std::exchange(other.owner_, nullptr);
    key_ = std::move(other.key_);
    return *this;
}

Slots::Slot::~Slot() {
    if (owner_ != nullptr) owner_->give(key_, SteadyClock::now());
}

awaitable<Slots::Slot> Slots::wait(Need need, Deadline deadline) {
    Waiting waiting;
    {
        const std::lock_guard lock(mutex_);
        auto& mine = waiting_[need.key];
        if (!mine) mine = std::make_shared<WaitQueue<Slot>>();
        waiting = mine;
    }
    const auto try_to = [this, need = std::move(need)] {
        return take(need, SteadyClock::now()) ? Slot(*this, need.key) : Slot();
    };
    return waiting->wait(try_to, deadline);
}

Slots::Waiting Slots::waiting_for(const LimitKey& key) const {
    const auto found = waiting_.find(key);
    return found == waiting_.end() ? nullptr : found->second;
}

void Slots::offer() {
    std::vector<Waiting> all;
    {
        const std::lock_guard lock(mutex_);
        for (const auto& [key, one] : waiting_)
            all.push_back(one);
    }
    for (const auto& one : all)
        one->offer();
}

Slots::Entry& Slots::entry_of(const Need& need, SteadyTime now) {
    const auto [found, is_new] = entries_.try_emplace(need.key);
    if (is_new) found->second.peak_since = found->second.held_since = now;
    found->second.limit = need.limit;
    return found->second;
}

// How many deliveries may be under way here now.
std::size_t Slots::most_of(const Entry& entry, SteadyTime now) const {
    if (alone_) return entry.limit.slots;
    const auto most = std::min(entry.held, entry.limit.slots);
    if (!entry.ceiling) return most;
    const bool has_turn = *entry.ceiling == 0 && now - entry.held_since < turn;
    return std::min(most, has_turn ? 1 : *entry.ceiling);
}

bool Slots::has_slot(const Entry& entry, SteadyTime now) const {
    return entry.used < most_of(entry, now);
}

bool Slots::has_message(const Entry& entry, SteadyTime now) const {
    return !entry.limit.rate.is_set() || (entry.messages > 0 && now < entry.messages_until);
}

// At the limit itself nothing is wanted: an end of our own makes room.
void Slots::want_slots(Entry& entry, const Need& need, SteadyTime now) {
    if (alone_ || entry.used >= entry.limit.slots) return;
    // What is given up for others to have may be wanted again: then we wait like them.
    const auto most = entry.limit.slots - std::max(entry.used, most_of(entry, now));
    if (entry.told_wanted == 0 && entry.wanted == 0) changed_ = true;
    entry.wanted = std::min(std::max(need.waiting, entry.wanted), most);
}

/// Whether a message may go; else notes how many are wanted.
bool Slots::may_send(Entry& entry, const Need& need, SteadyTime now) {
    if (has_message(entry, now)) return true;
    const auto startable = std::min(need.waiting, most_of(entry, now) - entry.used);
    if (entry.messages_wanted == 0 && !entry.pause_until) changed_ = true;
    entry.messages_wanted = std::max({entry.messages_wanted, startable, std::size_t{1}});
    return false;
}

void Slots::use(Entry& entry) {
    ++entry.used;
    entry.peak = std::max(entry.peak, entry.used);
    if (entry.limit.rate.is_set()) --entry.messages;
}

bool Slots::is_idle(const Entry& entry) const {
    const bool has_slots = !alone_ && (entry.held > 0 || entry.told_held != 0U ||
                                       entry.wanted > 0 || entry.told_wanted > 0);
    return entry.used == 0 && !has_slots && entry.messages == 0 && entry.messages_wanted == 0 &&
           !entry.pause_until;
}

// Alone or not

bool Slots::is_alone() const {
    const std::lock_guard lock(mutex_);
    return alone_;
}

std::vector<LimitKey> Slots::count_alone() {
    const std::lock_guard lock(mutex_);
    alone_ = true;
    std::vector<LimitKey> may_try;
    for (auto& [key, entry] : entries_) {
        if (std::exchange(entry.wanted, 0) > 0) may_try.push_back(key);
    }
    return may_try;
}

void Slots::share() {
    const std::lock_guard lock(mutex_);
    alone_ = false;
    for (auto& [key, entry] : entries_) {
        entry.held = entry.used;
        entry.told_held.reset();
        entry.ceiling.reset();
        entry.told_wanted = 0;
    }
}

// Slots

std::vector<SlotRequest> Slots::held() const {
    const std::lock_guard lock(mutex_);
    std::vector<SlotRequest> all;
    for (const auto& [key, entry] : entries_) {
        if (entry.held > 0) all.push_back({key, entry.held, 0, entry.limit.slots});
    }
    return all;
}

// Something in it can be given back at once.
bool Slots::is_above_ceiling(const Entry& entry, SteadyTime now) const {
    return !alone_ && entry.ceiling && std::max(entry.used, most_of(entry, now)) < entry.held;
}

// What was not used for a while is kept no longer, nor what others are to have.
std::size_t Slots::to_keep(Entry& entry, SteadyTime now) const {
    auto keep = std::min(entry.held, std::max(entry.used, entry.limit.slots));
    if (is_above_ceiling(entry, now))
        keep = std::min(keep, std::max(entry.used, most_of(entry, now)));
    if (now - entry.peak_since >= linger) {
        keep = std::min(keep, std::max(entry.peak, entry.used));
        entry.peak = entry.used;
        entry.peak_since = now;
    }
    return keep;
}

std::vector<SlotRequest> Slots::requests(SteadyTime now, std::size_t most) {
    const std::lock_guard lock(mutex_);
    std::vector<SlotRequest> all;
    if (alone_) return all;
    visit_in_turn(last_slots_, [&](const LimitKey& key, Entry& entry) {
        const auto keep = to_keep(entry, now);
        const bool is_told = entry.told_held == keep && entry.told_wanted == 0;
        if (!is_told || entry.wanted > 0) {
            entry.held = keep;
            entry.told_held.reset();
            all.push_back({key, keep, entry.wanted, entry.limit.slots});
        }
        return all.size() < most;
    });
    return all;
}

// Begins where it ended the last time, so that all are served, however many they are. Goes on while
// `visit` returns true.
template <class Visit>
void Slots::visit_in_turn(LimitKey& last, Visit visit) {
    auto it = entries_.upper_bound(last);
    for (auto left = entries_.size(); left > 0; --left) {
        if (it == entries_.end()) it = entries_.begin();
        last = it->first;
        if (!visit(it->first, it->second)) return;
        ++it;
    }
}

std::vector<LimitKey> Slots::granted(
    const std::vector<SlotRequest>& asked, const std::vector<SlotGrant>& grants, SteadyTime now
) {
    const std::lock_guard lock(mutex_);
    for (auto& [key, entry] : entries_)
        entry.ceiling.reset();  // those that still wait are in the answer
    std::map<LimitKey, SlotRequest> requests;
    for (const auto& one : asked)
        requests.emplace(one.key, one);
    std::vector<LimitKey> may_try;
    for (const auto& grant : grants) {
        const auto found = entries_.find(grant.key);
        if (found == entries_.end()) continue;
        auto& entry = found->second;
        entry.ceiling = grant.ceiling;
        if (is_above_ceiling(entry, now)) changed_ = true;
        const auto request = requests.find(grant.key);
        if (request == requests.end()) continue;
        if (entry.held == 0) entry.held_since = now;
        entry.told_held = entry.held = grant.slots;
        const auto more = grant.slots - std::min(grant.slots, request->second.keep);
        entry.told_wanted = request->second.want - std::min(request->second.want, more);
        // What is still wanted is noted again when it is tried.
        if (std::exchange(entry.wanted, 0) > 0) may_try.push_back(grant.key);
        if (more > 0) entry.peak = std::max(entry.peak, std::min(grant.slots, entry.used + more));
        if (is_idle(entry)) entries_.erase(found);
    }
    return may_try;
}

// Messages

std::vector<MessageRequest> Slots::message_requests(SteadyTime now, std::size_t most) {
    const std::lock_guard lock(mutex_);
    std::vector<MessageRequest> all;
    visit_in_turn(last_messages_, [&](const LimitKey& key, Entry& entry) {
        if (entry.messages_wanted > 0 && !entry.pause_until && !has_message(entry, now))
            all.push_back({key, entry.messages_wanted, entry.limit.rate});
        return all.size() < most;
    });
    return all;
}

std::vector<LimitKey> Slots::messages_granted(
    const std::vector<MessageRequest>& asked, const std::vector<MessageGrant>& grants,
    SteadyTime asked_at, SteadyTime now
) {
    const std::lock_guard lock(mutex_);
    std::map<LimitKey, delivery::Rate> rates;
    for (const auto& one : asked)
        rates.emplace(one.key, one.rate);
    std::vector<LimitKey> may_try;
    for (const auto& grant : grants) {
        const auto found = entries_.find(grant.key);
        const auto rate = rates.find(grant.key);
        if (found == entries_.end() || rate == rates.end()) continue;
        auto& entry = found->second;
        entry.messages_wanted = 0;
        if (grant.granted > 0) {
            // What an earlier grant left is over: it has been counted as used.
            entry.messages = grant.granted;
            entry.messages_until = asked_at + queue::use_within(rate->second);
            may_try.push_back(grant.key);
        } else {
            entry.pause_until = now + std::max(grant.retry, std::chrono::milliseconds(20));
        }
    }
    return may_try;
}

std::vector<LimitKey> Slots::pauses_over(SteadyTime now) {
    const std::lock_guard lock(mutex_);
    std::vector<LimitKey> over;
    for (auto it = entries_.begin(); it != entries_.end();) {
        auto& entry = it->second;
        if (entry.messages > 0 && now >= entry.messages_until) entry.messages = 0;
        if (entry.pause_until && now >= *entry.pause_until) {
            entry.pause_until.reset();
            entry.messages_wanted = 0;
            over.push_back(it->first);
        }
        it = is_idle(entry) ? entries_.erase(it) : std::next(it);
    }
    return over;
}

std::optional<SteadyTime> Slots::next_pause() const {
    const std::lock_guard lock(mutex_);
    std::optional<SteadyTime> next;
    for (const auto& [key, entry] : entries_) {
        if (entry.pause_until)
            next = std::min(next.value_or(*entry.pause_until), *entry.pause_until);
    }
    return next;
}

bool Slots::take_change() {
    const std::lock_guard lock(mutex_);
    return std::exchange(changed_, false);
}

std::size_t Slots::size() const {
    const std::lock_guard lock(mutex_);
    return entries_.size();
}

}  // namespace outpost::dispatch
