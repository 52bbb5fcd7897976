// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/delivery/dispatch/bodies.hpp"
#include "core/delivery/dispatch/counters.hpp"
#include "core/delivery/dispatch/delivery_request.hpp"
#include "core/delivery/dispatch/final_dot_permit.hpp"
#include "core/delivery/dispatch/outcome.hpp"
#include "core/delivery/dispatch/settings.hpp"
#include "core/delivery/dispatch/slots.hpp"
#include "core/delivery/interface/learned.hpp"
#include "core/delivery/queue/suppressions.hpp"
#include "core/foundation/async/semaphore.hpp"

namespace outpost::dispatch {

/// What attempts use of the node. All of it is thread-safe and outlives them.
struct AttemptParts {
    queue::QueueStore& store;
    queue::Suppressions& suppressions;
    dns::Resolver& resolver;
    net::Dialer& dialer;
    Slots& slots;
    Bodies& bodies;
    Semaphore& suspects;  ///< one at a time
    Counters& counters;
    const std::function<void(const delivery::Learned&)>& on_learned;
    const Settings& settings;
};

/// What came of an attempt: for each claim either a settlement or, untried, its lease to give back.
struct AttemptResult {
    std::vector<queue::Settled> settled;
    std::vector<queue::Lease> untried;
    std::optional<std::chrono::seconds>
        untried_pause;                       ///< before these are due again; none: at once
    std::optional<std::string> unreachable;  ///< no host was reached at all: the last words
};

/// One attempt. Records nothing but progress, and throws only what the store throws.
class Attempt {
  public:
    /// `loop` is the index of the event loop that it runs on. The arguments outlive it.
    Attempt(
        DeliveryRequest& request, FinalDotPermit& permit, const AttemptParts& parts,
        std::size_t loop
    );

    awaitable<AttemptResult> run();

  private:
    /// What the transports of a decision made of a job.
    struct Tried {
        delivery::DeliveryOutcome outcome;
        std::string transport;     ///< the one whose outcome it is
        bool unreachable = false;  ///< a transport was tried and reached no host

        bool all_delivered() const;
    };

    // The steps, in order.
    awaitable<void> refuse_suppressed();
    awaitable<bool> have_body();
    void prepare();
    awaitable<Tried> try_transports();
    void conclude(const Tried& tried);

    bool any_may_be_suppressed() const;
    bool is_suspect() const noexcept;
    bool was_interrupted() const;
    bool needs_signature() const;
    bool must_read_first() const;
    void put_off(std::optional<std::chrono::seconds> pause);
    void carry(const MessagePtr& message);

    std::optional<delivery::Verdict> unusable(const std::string& name, const TransportEntry* entry)
        const;
    bool refuses_requiretls(const TransportEntry* entry) const;
    awaitable<Slots::Slot> wait_for_slot(const std::string& name);
    awaitable<delivery::DeliveryOutcome> hand_over(
        const std::string& name, delivery::Transport& transport
    );
    awaitable<void> learn(std::shared_ptr<const delivery::SecurityEvidence> evidence);
    awaitable<bool> is_tls_report();
    bool was_not_tried(const queue::Claimed& claim, const delivery::Verdict& verdict) const;

    DeliveryRequest& request_;
    FinalDotPermit& permit_;
    const AttemptParts& parts_;
    AttemptResult result_;
    Common common_;
    std::shared_ptr<LateBody> late_;  ///< null: the message holds its body
    delivery::DeliveryJob job_;
    delivery::Transcript transcript_;
    delivery::AttemptContext context_;
};

/// Whether the body of this request's message may be read when it is about to be sent. Otherwise it
/// must be there before an attempt begins: other transports expect it in the message, a UTF-8
/// header decides what is said before, and for a large one to find room in memory may take longer
/// than a server would wait for it.
bool may_read_late(const DeliveryRequest& request);

}  // namespace outpost::dispatch
