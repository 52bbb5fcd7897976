// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <map>
#include <shared_mutex>
#include <span>
#include <string>

#include "core/delivery/interface/security_event.hpp"
#include "core/delivery/interface/transport.hpp"
#include "core/delivery/queue/records.hpp"
#include "core/foundation/metrics/registry.hpp"

namespace outpost::dispatch {

/// Counts what comes of attempts: the one place where outcomes and events of transport security
/// become metrics. Thread-safe.
class Counters {
  public:
    /// `registry` must outlive it.
    explicit Counters(metrics::Registry& registry);

    /// What one attempt has come to, for each of its recipients.
    void count(std::span<const queue::Settled> settled);
    /// What a transport says of security; of one without evidence, what its verdicts say.
    void count(const delivery::DeliveryOutcome& outcome);
    void count(const delivery::SecurityEvent& event);

  private:
    enum Outcome { delivered, deferred, failed, held };
    using Outcomes = std::array<metrics::Counter*, 4>;
    Outcomes of_transport(const std::string& name);
    metrics::Counter& counter_of(const delivery::SecurityEvent& event);
    void count_error(delivery::ErrorKind kind);
    void count_plaintext(const delivery::RemoteFacts& remote);

    metrics::Registry& registry_;
    std::map<delivery::ErrorKind, metrics::Counter*> errors_;
    std::map<delivery::RemoteFacts::Clear, metrics::Counter*> plaintext_;
    std::shared_mutex mutex_;
    std::map<std::string, Outcomes> by_transport_;
    std::map<const delivery::SecurityEvent*, metrics::Counter*> events_;
};

}  // namespace outpost::dispatch
