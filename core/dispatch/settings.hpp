// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <cstdint>

namespace outpost::dispatch {

/// How much this node does at once.
struct Settings {
    std::size_t max_attempts = 500;                  ///< attempts under way in all
    std::size_t max_attempts_per_destination = 20;   ///< of them to one domain, or to one relay host
    std::size_t max_recipients_per_attempt = 100;    ///< recipients in one transaction
    std::size_t max_queued_in_memory = 10'000;       ///< recipients leased and waiting for their turn
    std::uint64_t memory_budget = 512ull << 20;      ///< octets of message bodies in flight
    std::chrono::seconds lease{600};                 ///< a node unheard of for so long loses its work
    std::chrono::seconds poll_interval{30};          ///< looks for due work even when not notified
    std::chrono::seconds shutdown_grace{30};         ///< time that attempts under way get to end
};

}  // namespace outpost::dispatch
