// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/delivery/interface/job.hpp"
#include "core/delivery/interface/verdict.hpp"
#include "core/foundation/async/awaitable.hpp"
#include "core/foundation/async/deadline.hpp"
#include "core/net/dns/resolver.hpp"
#include "core/net/sockets/dialer.hpp"

namespace outpost::delivery {

struct SecurityEvidence;

/// What became of a job: one verdict for each of its recipients, in the job's order.
struct DeliveryOutcome {
    std::vector<Verdict> verdicts;
    /// Nothing could be reached at all (no host answered a connection): the route's next transport
    /// may try within the same attempt.
    bool unreachable = false;
    /// Direct delivery only; null where nothing was learned.
    std::shared_ptr<const SecurityEvidence> evidence = nullptr;

    /// The same verdict for every recipient.
    static DeliveryOutcome all(
        const DeliveryJob& job, const Verdict& verdict, bool unreachable = false
    ) {
        return {std::vector<Verdict>(job.recipients.size(), verdict), unreachable, nullptr};
    }
};

/// The last checkpoint before a message may be duplicated. A transport must ask before it sends the
/// end of the data, and must not send it when the answer is no: the lease has been lost.
class DotGate {
  public:
    virtual ~DotGate() = default;
    /// Notes progress, so that other nodes can see it: best effort, never waits.
    virtual void reached(Stage stage) noexcept = 0;
    /// Confirms that we still hold these recipients (by number), right before the final dot; notes
    /// in the database that it is about to be sent where the route's `uncertain` needs that.
    virtual awaitable<bool> may_finish(std::span<const std::int32_t> recipients) = 0;
};

/// What one attempt may use. Lives as long as the attempt.
struct AttemptContext {
    std::string
        ehlo_name;  ///< what we call ourselves, unless the transport is configured otherwise
    dns::Resolver& resolver;
    net::Dialer& dialer;  ///< direct connections from this node
    DotGate& gate;
    Transcript& transcript;
    Deadline deadline;  ///< for the whole attempt
    std::size_t loop =
        0;  ///< index of the event loop the attempt runs on, for per-loop session pools
};

/// Delivers jobs. The same interface for built-in transports and plugins. Thread-safe: attempts run
/// on all loops at once.
class Transport {
  public:
    virtual ~Transport() = default;
    /// Attempts the job once and says what became of every recipient. Refusals, lost connections
    /// and timeouts are verdicts; an exception means a bug and defers all recipients.
    virtual awaitable<DeliveryOutcome> deliver(const DeliveryJob& job, AttemptContext& context) = 0;
    /// True when jobs are queued per recipient domain (direct delivery); false when the transport
    /// has one next hop for all mail (a relay), so that recipients of any domain may share a job.
    virtual bool per_domain() const noexcept = 0;
    /// Whether a message with REQUIRETLS (RFC 8689) may be given to this transport: it hands it
    /// only to servers that it has verified and that announce the extension, or is where the
    /// message's way by SMTP ends. To others it is never given: they fail it with 5.7.30.
    virtual bool can_require_tls() const noexcept { return false; }
    /// True when the transport asks the message's body for its content with `get`, when it sends
    /// it, and does not expect it to be held. So content takes up memory only while it is sent, not
    /// while a slow host makes us wait.
    virtual bool reads_content_late() const noexcept { return false; }
    /// Drops idle connections; called regularly, and when the configuration that made it is gone.
    virtual void prune() noexcept {}
};

using TransportPtr = std::shared_ptr<Transport>;

}  // namespace outpost::delivery
