// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "core/delivery/interface/transport.hpp"
#include "core/delivery/queue/store.hpp"

namespace outpost::dispatch {

/// The permit of one attempt: asks the queue before each final dot, and can be shut from outside,
/// so that at shutdown no new dot is sent while those under way are waited for. Thread-safe.
class FinalDotPermit final : public delivery::DotGate {
  public:
    FinalDotPermit(
        queue::QueueStore& store, const std::vector<queue::Claimed>& claims,
        std::string on_uncertain
    );

    void reached(delivery::Stage stage) noexcept override;
    awaitable<bool> may_finish(std::span<const std::int32_t> recipients) override;

    /// Permits no more; returns the leases whose dot was never permitted. They can be
    /// given back: this attempt cannot deliver them.
    std::vector<queue::Lease> shut();
    /// Whether it was refused for this recipient: it has not been delivered, through no fault of
    /// its own.
    bool refused(std::int32_t recipient) const;
    /// The leases of the attempt were given back: what it ended with is of no more interest.
    bool is_shut() const;
    /// All of the attempt.
    const std::vector<queue::Lease>& leases() const noexcept { return leases_; }

  private:
    enum class Place : std::uint8_t { before, passed, refused };

    std::vector<queue::Lease> enter(std::span<const std::int32_t> recipients);
    void leave(std::span<const std::int32_t> recipients);
    std::optional<std::size_t> find(std::int32_t recipient) const;
    void put(std::span<const std::int32_t> recipients, Place place);

    queue::QueueStore& store_;
    const std::vector<queue::Lease> leases_;  ///< by number
    const std::string on_uncertain_;
    mutable std::mutex mutex_;
    std::vector<Place> places_;  ///< of each lease
    bool shut_ = false;
};

}  // namespace outpost::dispatch
