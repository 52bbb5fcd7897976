// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "core/delivery/dispatch/limit.hpp"
#include "core/delivery/queue/limits.hpp"
#include "core/foundation/async/wait_queue.hpp"
#include "core/foundation/base/clock.hpp"

namespace outpost::dispatch {

/// A delivery's need of one key.
struct Need {
    queue::LimitKey key;
    Limit limit;
    std::size_t waiting = 1;  ///< deliveries that could begin now if the limit let them
};

/// What this node may begin under the limits. While it is alone it counts up to the limits; else it
/// uses the slots that it was granted, and notes what it lacks. Messages of a limited rate are
/// always granted from outside. Knows neither clock nor database; thread-safe, since destination
/// queues take for a route's first transport and attempts for a fallback.
class Slots {
  public:
    /// How long a slot is kept that is not used: the next message may come any moment.
    static constexpr std::chrono::seconds linger{5};
    /// Where nodes take turns with too few slots: how long a turn lasts at least.
    static constexpr std::chrono::seconds turn{1};

    enum class Lacking { nothing, destination, transport };
    /// Takes both or neither, and says what was lacking.
    Lacking take(const Need& destination, const Need& transport, SteadyTime now);
    bool take(const Need& need, SteadyTime now);
    void give(const queue::LimitKey& key, SteadyTime now);

    /// A slot that gives itself back; false: none.
    class Slot {
      public:
        Slot() = default;
        Slot(Slots& owner, queue::LimitKey key) : owner_(&owner), key_(std::move(key)) {}
        Slot(Slot&& other) noexcept
            : owner_(std::exchange(other.owner_, nullptr)), key_(std::move(other.key_)) {}
        Slot& operator=(Slot&& other) noexcept;
        ~Slot();
        explicit operator bool() const noexcept { return owner_ != nullptr; }

      private:
        Slots* owner_ = nullptr;
        queue::LimitKey key_;
    };
    /// Waits for what has no queue to wait in; empty when the deadline passed first.
    awaitable<Slot> wait(Need need, Deadline deadline);
    /// More may have been granted: tries for those who wait.
    void offer();

    bool is_alone() const;
    /// No other node lives: counts in memory. Returns the destinations that may try again.
    std::vector<queue::LimitKey> count_alone();
    /// Others live: what is in use is what is held, until more is granted.
    void share();

    /// All that is held.
    std::vector<queue::SlotRequest> held() const;
    /// What the others have to be told: what is wanted and what is given back, at most so many
    /// keys. What is given back is not used any more from this moment.
    std::vector<queue::SlotRequest> requests(SteadyTime now, std::size_t most);
    /// The answer to these requests. Returns the destinations that may try again.
    std::vector<queue::LimitKey> granted(
        const std::vector<queue::SlotRequest>& asked, const std::vector<queue::SlotGrant>& grants,
        SteadyTime now
    );

    /// Messages to ask for.
    std::vector<queue::MessageRequest> message_requests(SteadyTime now, std::size_t most);
    std::vector<queue::LimitKey> messages_granted(
        const std::vector<queue::MessageRequest>& asked,
        const std::vector<queue::MessageGrant>& grants, SteadyTime asked_at, SteadyTime now
    );
    /// Keys whose pause is over: they may ask for messages again. Forgets what is idle; to be
    /// called now and then.
    std::vector<queue::LimitKey> pauses_over(SteadyTime now);
    /// When the next pause is over.
    std::optional<SteadyTime> next_pause() const;

    /// Whether something has changed since the last call that the others should hear of at once.
    bool take_change();
    std::size_t size() const;

  private:
    struct Entry {
        Limit limit;
        std::size_t used = 0;
        std::size_t held = 0;  ///< counts while not alone
        std::size_t peak = 0;  ///< most in use since `peak_since`
        SteadyTime peak_since{};
        std::size_t wanted = 0;
        std::optional<std::size_t> ceiling;  ///< others wait: come down to it
        SteadyTime held_since{};             ///< since when it has had a slot without a break
        /// What the database knows; none: what it knows is not known to us.
        std::optional<std::size_t> told_held = 0;
        std::size_t told_wanted = 0;

        std::size_t messages = 0;  ///< granted and not used
        SteadyTime messages_until{};
        std::size_t messages_wanted = 0;
        std::optional<SteadyTime> pause_until;
    };
    using Entries = std::map<queue::LimitKey, Entry>;

    Entry& entry_of(const Need& need, SteadyTime now);
    std::size_t most_of(const Entry& entry, SteadyTime now) const;
    bool has_slot(const Entry& entry, SteadyTime now) const;
    bool has_message(const Entry& entry, SteadyTime now) const;
    void want_slots(Entry& entry, const Need& need, SteadyTime now);
    bool may_send(Entry& entry, const Need& need, SteadyTime now);
    void use(Entry& entry);
    bool is_idle(const Entry& entry) const;
    bool is_above_ceiling(const Entry& entry, SteadyTime now) const;
    std::size_t to_keep(Entry& entry, SteadyTime now) const;
    template <class Visit>
    void visit_in_turn(queue::LimitKey& last, Visit visit);

    using Waiting = std::shared_ptr<WaitQueue<Slot>>;
    Waiting waiting_for(const queue::LimitKey& key) const;

    mutable std::mutex mutex_;
    bool alone_ = false;
    bool changed_ = false;  ///< in a way that others should hear of
    Entries entries_;
    queue::LimitKey last_slots_, last_messages_;  ///< where the last requests ended
    std::map<queue::LimitKey, Waiting> waiting_;  ///< of transports that served as a fallback
};

}  // namespace outpost::dispatch
