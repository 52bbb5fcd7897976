// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/delivery/interface/rate.hpp"
#include "core/foundation/async/awaitable.hpp"

namespace outpost::queue {

/// What a limit is set for: a destination of a transport, or a transport as a whole.
struct LimitKey {
    static LimitKey whole(std::string transport) { return {std::move(transport), "*"}; }

    std::string transport;
    std::string destination;  ///< recipient domain or address literal; empty: a relay's only one
    auto operator<=>(const LimitKey&) const = default;
};

/// What a node says of one key: it keeps so many slots (deliveries that it may have under way) and
/// could use so many more at once.
struct SlotRequest {
    LimitKey key;
    std::size_t keep = 0, want = 0;
    std::size_t limit = 0;  ///< for all nodes together
};
struct SlotGrant {
    LimitKey key;
    std::size_t slots = 0;  ///< that the node has now
    /// Others wait with less than their share: this one should come down to so many.
    std::optional<std::size_t> ceiling;
};

/// Where a node stands with what it holds.
enum class LimitStanding {
    unpublished,  ///< the database does not know what it holds: publish
    alone,        ///< no other node lives: ask `alone`
    waiting,      ///< another node must publish first, and has been told to: come again
    shared,
};
struct SlotAnswer {
    LimitStanding standing = LimitStanding::unpublished;
    /// For what was asked, and for what others wait for. Empty unless `shared`.
    std::vector<SlotGrant> grants;
};

struct MessageRequest {
    LimitKey key;
    std::size_t want = 0;
    delivery::Rate rate;
};
struct MessageGrant {
    LimitKey key;
    std::size_t granted = 0;          ///< messages that may go
    std::chrono::milliseconds retry;  ///< where none may: when to ask again
};

/// How long granted messages may be used, counted from the asking: a small part of the interval.
std::chrono::milliseconds use_within(const delivery::Rate& rate);

/// Limits that hold across all nodes, kept in the database. Thread-safe. Throws as QueueStore does.
class LimitStore {
  public:
    virtual ~LimitStore() = default;

    /// Whether this node's lease is sure to hold. Without it no delivery begins: others no longer
    /// count what we hold.
    virtual bool lease_is_safe() const noexcept = 0;
    /// Grows whenever the lease had run out before it was renewed: what was held must be published
    /// anew.
    virtual std::uint64_t lease_losses() const noexcept = 0;

    /// Whether no other node lives; if so, this one may count in memory from now on, until it is
    /// told otherwise (`limits_changed`) and has published.
    virtual awaitable<bool> alone() = 0;
    /// Writes down all that this node holds (`keep`); what it wants does not matter here.
    virtual awaitable<void> publish(std::vector<SlotRequest> held) = 0;
    /// Takes and gives back slots. One at a time; requests state what is, so that one whose answer
    /// was lost is simply made again.
    virtual awaitable<SlotAnswer> exchange(std::vector<SlotRequest> requests) = 0;
    /// Lets messages go.
    virtual awaitable<std::vector<MessageGrant>> let_go(std::vector<MessageRequest> requests) = 0;
};

}  // namespace outpost::queue
