// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/foundation/async/single_flight.hpp"
#include "core/foundation/base/clock.hpp"
#include "core/net/dns/expiring_map.hpp"
#include "core/net/dns/wire.hpp"
#include "core/net/dnssec/judge.hpp"
#include "core/net/dnssec/trust_anchor.hpp"

namespace outpost::dns {

/// Fetches a response with its signatures (Want::proof).
using Fetch = std::function<awaitable<Result<Response, Failure>>(Question, Deadline)>;

struct ValidatorSetup {
    Fetch fetch;
    std::vector<dnssec::TrustAnchor> anchors;
    std::vector<dnssec::Name> insecure_domains;  ///< negative trust anchors (RFC 7646)
    /// As long as no signature of an anchor's zone was ever seen, all is indeterminate, not bogus.
    bool lenient = false;
    std::function<WallTime()> now = WallClock::now;
};

/// What the validation of one answer, even of several responses, may still spend.
struct ValidationJob {
    Deadline deadline;
    dnssec::Budget budget;
    int fetches = 96;  ///< long names and chains of CNAMEs take some; honest ones rarely over 20
};

/// What a name is, seen from a trust anchor above it.
struct Standing {
    enum class Kind {
        zone,           ///< a signed zone begins here
        inner,          ///< no zone begins here: the name is in the zone above
        nothing_below,  ///< as before, and no zone begins further down
        insecure,       ///< an unsigned zone begins here, or may
        indeterminate,  ///< there is no trust anchor, or nothing is known of its zone
    };
    Kind kind = Kind::inner;
    dnssec::Zone zone = {};   ///< with its keys; only where one begins
    int extended_error = -1;  ///< why not secure
    std::string text = {};
};
using Found = Result<std::shared_ptr<const Standing>, Failure>;

Failure bogus(const dnssec::Fault& fault);
/// A response as dnssec judges it.
dnssec::Message message_of(
    const dnssec::Name& name, dnssec::TypeNumber type, const Response& response
);

/// Finds zones and their keys: asks for DS and DNSKEY records from a trust anchor down (RFC 4035
/// section 5.2), and remembers what it found. Thread-safe.
class ZoneFinder {
  public:
    explicit ZoneFinder(const ValidatorSetup& setup);

    /// The zone that a claim must be signed by (kind `zone`), or why it need not be (`insecure`,
    /// `indeterminate`). An unsigned claim, or one that is signed by something other than a zone,
    /// is bogus where a signed zone has its name.
    awaitable<Found> zone_of(ValidationJob& job, const dnssec::Claim& claim);

  private:
    using Kind = Standing::Kind;
    /// What is known of the first name, and which name it is.
    const dnssec::TrustAnchor* anchor_above(const dnssec::Name& name) const;
    bool is_left_out(const dnssec::Name& name) const;

    /// What is remembered of a name, or else what `learn` finds out, once for all callers.
    awaitable<Found> standing_of(
        ValidationJob& job, const dnssec::Name& name, const dnssec::TrustAnchor* anchor,
        const dnssec::Zone* above
    );
    awaitable<Found> learn_anchor(ValidationJob& job, const dnssec::TrustAnchor& anchor);
    awaitable<Found> learn_below(
        ValidationJob& job, const dnssec::Name& name, const dnssec::Zone& above
    );
    awaitable<Result<dnssec::Message, Failure>> fetch(
        ValidationJob& job, const dnssec::Name& name, dnssec::TypeNumber type
    );
    Found anchor_failed(const dnssec::Name& zone, Failure failure) const;
    Found keep(const ValidationJob& job, const dnssec::Name& name, Found found, std::uint32_t ttl);
    dnssec::Seconds now() const;

    const ValidatorSetup& setup_;
    std::atomic<bool> has_seen_signatures_{false};
    ExpiringMap<Found> known_;
    SingleFlight<Found> flights_;
};

}  // namespace outpost::dns
