// SPDX-License-Identifier: Apache-2.0
#include "core/delivery/dispatch/destination_queues.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace outpost::dispatch {

bool DestinationQueues::found_dead(const Destination& destination) const noexcept {
    return settings_.unreachable_before_rest > 0 &&
           destination.unreachable_in_a_row >= settings_.unreachable_before_rest;
}

// After it has backed off, a dead destination gets one probe at a time until one succeeds.
bool DestinationQueues::may_start(const Destination& destination) const noexcept {
    if (destination.waiting.empty() || destination.stalled) return false;
    return !found_dead(destination) || destination.running == 0;
}

// Where few messages may go, few wait here: the others stay in the database, for any node. (To a
// relay's many domains the claim cannot look away.)
DestinationQueues::Destination& DestinationQueues::destination_for(const DeliveryRequest& request) {
    const auto [found, is_new] = queues_.try_emplace(request.destination);
    auto& destination = found->second;
    if (!is_new) return destination;
    destination.limit = destination_limit(settings_, request.destination.next_hop);
    destination.waiting_most = settings_.waiting_per_destination;
    if (request.destination.next_hop.empty()) return destination;
    const auto whole = transport_limit(settings_, *request.snapshot, request.destination.transport);
    for (const auto& rate : {destination.limit.rate, whole.rate}) {
        if (rate.is_set())
            destination.waiting_most = std::min(destination.waiting_most, 2 * rate.messages);
    }
    return destination;
}

void DestinationQueues::offer_turn(const DestinationKey& key, Destination& destination) {
    if (destination.has_turn || !may_start(destination)) return;
    destination.has_turn = true;
    turns_[key.transport].push_back(key);
}

void DestinationQueues::note_waiting(
    const DestinationKey& key, Destination& destination, std::ptrdiff_t recipients
) {
    destination.waiting_recipients += static_cast<std::size_t>(recipients);
    waiting_recipients_ += static_cast<std::size_t>(recipients);
    // Half full is enough to stop claiming: what is on its way still finds a place.
    if (2 * destination.waiting_recipients >= destination.waiting_most &&
        destination.waiting_recipients > 0) {
        crowded_.insert(key);
    } else {
        crowded_.erase(key);
    }
}

DestinationQueues::Admission DestinationQueues::admit(DeliveryRequest& request, SteadyTime now) {
    auto& destination = destination_for(request);
    destination.last_used = now;
    if (found_dead(destination) && now < destination.backed_off_until) return Admission::backed_off;
    if (destination.waiting_recipients >= destination.waiting_most) return Admission::full;
    const DestinationKey key = request.destination;
    note_waiting(key, destination, std::ssize(request.claims));
    destination.waiting.push_back(std::move(request));
    offer_turn(key, destination);
    return Admission::waiting;
}

// Half of it must have gone: what comes then is not turned away again. A destination that takes
// thousands a second is not kept waiting for long, and one that takes few is not asked for in vain.
std::chrono::milliseconds DestinationQueues::place_in(const DestinationKey& key) const {
    constexpr std::chrono::milliseconds least{250}, most{5000};
    const auto found = queues_.find(key);
    if (found == queues_.end() || !found->second.pace) return most;
    const Destination& destination = found->second;
    const auto half =
        *destination.pace * static_cast<Duration::rep>(destination.waiting.size() / 2 + 1);
    return std::clamp(std::chrono::duration_cast<std::chrono::milliseconds>(half), least, most);
}

void DestinationQueues::note_end(Destination& destination, SteadyTime now) {
    if (destination.last_ended != SteadyTime{}) {
        constexpr Duration::rep of_late = 50;  // ends that count
        const Duration since = now - destination.last_ended;
        destination.pace =
            destination.pace ? *destination.pace + (since - *destination.pace) / of_late : since;
    }
    destination.last_ended = now;
}

std::string DestinationQueues::backed_off_reason(const DestinationKey& destination) const {
    const auto found = queues_.find(destination);
    return found == queues_.end() ? std::string() : found->second.last_reason;
}

std::optional<DeliveryRequest> DestinationQueues::next(SteadyTime now) {
    const auto transports = turns_.size();
    for (std::size_t tried = 0; tried < transports; ++tried) {
        auto turn = turns_.upper_bound(last_transport_);
        if (turn == turns_.end()) turn = turns_.begin();
        last_transport_ = turn->first;
        auto request = next_of(turn->first, now);
        if (turn->second.empty()) turns_.erase(turn);
        if (!request) continue;
        queues_[request->destination].last_used = now;
        return request;
    }
    return std::nullopt;
}

std::optional<DeliveryRequest> DestinationQueues::next_of(
    const std::string& transport, SteadyTime now
) {
    auto& turn = turns_[transport];
    while (!turn.empty()) {
        const DestinationKey key = turn.front();
        auto& destination = queues_[key];
        if (!may_start(destination)) {
            destination.has_turn = false;
            turn.pop_front();
            continue;
        }
        const auto lacking = take_slots(key, destination, turn.size() - 1, now);
        if (lacking == Slots::Lacking::transport) return std::nullopt;
        if (lacking == Slots::Lacking::destination) {
            destination.stalled = true;
            continue;
        }
        turn.pop_front();
        destination.has_turn = false;
        DeliveryRequest request = std::move(destination.waiting.front());
        destination.waiting.pop_front();
        ++destination.running;
        note_waiting(key, destination, -std::ssize(request.claims));
        offer_turn(key, destination);
        return request;
    }
    return std::nullopt;
}

Slots::Lacking DestinationQueues::take_slots(
    const DestinationKey& key, const Destination& destination, std::size_t others, SteadyTime now
) {
    const auto waiting = destination.waiting.size();
    const auto& snapshot = *destination.waiting.front().snapshot;
    const Need one{{key.transport, key.next_hop}, destination.limit, waiting};
    const Need whole{
        queue::LimitKey::whole(key.transport), transport_limit(settings_, snapshot, key.transport),
        waiting + others
    };
    return slots_.take(one, whole, now);
}

void DestinationQueues::resume(const std::vector<queue::LimitKey>& destinations) {
    for (const auto& one : destinations) {
        const DestinationKey key{one.transport, one.destination};
        const auto found = queues_.find(key);
        if (found == queues_.end()) continue;
        found->second.stalled = false;
        offer_turn(key, found->second);
    }
}

std::vector<DeliveryRequest> DestinationQueues::finished(
    const DestinationKey& key, const std::optional<std::string>& unreachable, SteadyTime now
) {
    slots_.give({key.transport, key.next_hop}, now);
    slots_.give(queue::LimitKey::whole(key.transport), now);
    const auto found = queues_.find(key);
    if (found == queues_.end()) return {};
    auto& destination = found->second;
    destination.last_used = now;
    destination.stalled = false;
    if (destination.running > 0) --destination.running;
    note_end(destination, now);
    std::vector<DeliveryRequest> given_up;
    if (!unreachable) {
        destination.unreachable_in_a_row = 0;
    } else {
        ++destination.unreachable_in_a_row;
        destination.last_reason = *unreachable;
        if (found_dead(destination)) {
            destination.backed_off_until = now + settings_.rest;
            given_up = take_waiting(key, destination);
        }
    }
    offer_turn(key, destination);
    const bool idle = destination.waiting.empty() && destination.running == 0 &&
                      destination.unreachable_in_a_row == 0;
    if (idle && !destination.has_turn) queues_.erase(found);
    return given_up;
}

std::vector<DeliveryRequest> DestinationQueues::take_waiting(
    const DestinationKey& key, Destination& destination
) {
    std::vector<DeliveryRequest> requests(
        std::make_move_iterator(destination.waiting.begin()),
        std::make_move_iterator(destination.waiting.end())
    );
    destination.waiting.clear();
    note_waiting(key, destination, -static_cast<std::ptrdiff_t>(destination.waiting_recipients));
    return requests;
}

std::vector<std::string> DestinationQueues::saturated() const {
    std::set<std::string> domains;
    for (const auto& key : crowded_) {
        for (const auto& request : queues_.at(key).waiting) {
            for (const auto& claim : request.claims) {
                const auto& domain = claim.recipient.address.domain();
                if (!domain.empty()) domains.insert(domain.ascii());
            }
        }
    }
    return {domains.begin(), domains.end()};
}

void DestinationQueues::for_each_waiting(const std::function<void(DeliveryRequest&)>& change) {
    for (auto& [key, destination] : queues_) {
        for (auto& request : destination.waiting)
            change(request);
    }
}

std::vector<DeliveryRequest> DestinationQueues::clear() {
    std::vector<DeliveryRequest> all;
    for (auto& [key, destination] : queues_) {
        auto requests = take_waiting(key, destination);
        std::move(requests.begin(), requests.end(), std::back_inserter(all));
    }
    return all;
}

void DestinationQueues::sweep(SteadyTime now) {
    const auto memory = 10 * settings_.rest;
    std::erase_if(queues_, [&](const auto& entry) {
        const auto& destination = entry.second;
        const bool idle =
            destination.waiting.empty() && destination.running == 0 && !destination.has_turn;
        return idle && now - destination.last_used > memory;
    });
}

}  // namespace outpost::dispatch
