// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

#include "core/delivery/interface/rate.hpp"

namespace outpost::dispatch {

/// What one destination may have instead of what all have.
struct DestinationLimit {
    std::size_t deliveries = 0;  ///< 0: as all
    delivery::Rate rate;         ///< unset: as all
    bool operator==(const DestinationLimit&) const = default;
};

/// How much is taken on at once, and how long things wait. The limits of destinations and
/// transports hold for all nodes together, every other bound is per node.
struct Settings {
    /// Deliveries (attempts of one message with its recipients of one next hop) in flight.
    std::size_t max_in_flight = 12'000;
    /// Recipients leased by this node: waiting in its queues or in flight.
    std::size_t max_recipients = 20'000;
    /// Octets of message content kept in memory: half for mail on its way in, beyond which clients
    /// are told to come again, and half for mail on its way out, beyond which deliveries wait and
    /// read content when they need it. So does a delivery that takes longer than a second.
    std::uint64_t content_memory = 256ULL * 1024 * 1024;
    /// Deliveries in flight to one destination: a recipient domain, or a relay's next hop.
    std::size_t per_destination = 20;
    /// Deliveries in flight through one transport, unless the transport has its own limit. Each
    /// costs little, so that thousands that wait for slow hosts leave room for the others.
    std::size_t per_transport = 10'000;
    /// Messages to one destination in an interval.
    delivery::Rate destination_rate;
    /// Messages through one transport in an interval, unless the transport has its own rate.
    delivery::Rate transport_rate;
    /// Limits of single destinations, by domain (A-labels).
    std::map<std::string, DestinationLimit> destinations;
    /// Recipients of one message handed to a transport together (RFC 5321 section 4.5.3.1.8: 100).
    std::size_t recipients_per_delivery = 100;
    /// Recipients that may wait for one destination on this node; the others stay in the database.
    std::size_t waiting_per_destination = 5'000;
    /// Recipients claimed from the database in one go.
    std::size_t claim_batch = 500;
    /// How often the database is asked for due recipients although nothing woke us: covers lost
    /// notifications.
    std::chrono::seconds poll_interval{5};
    /// The longest that one attempt may take, all hosts and fallback transports together.
    std::chrono::seconds attempt_timeout{30 * 60};
    /// After so many attempts in a row that reached no host, a destination is backed off: what
    /// waits for it is deferred without a connection of its own. Zero: never.
    std::size_t unreachable_before_rest = 3;
    /// How long it is backed off before one delivery probes it again.
    std::chrono::seconds rest{60};
    /// At SIGTERM: how long deliveries in flight may take to end. What has not sent its final dot
    /// by then is given back.
    std::chrono::seconds drain_time{25};
};

}  // namespace outpost::dispatch
