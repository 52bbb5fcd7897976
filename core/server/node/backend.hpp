// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>

#include "core/delivery/queue/bounces.hpp"
#include "core/delivery/queue/limits.hpp"
#include "core/delivery/queue/store.hpp"
#include "core/delivery/queue/suppressions.hpp"
#include "core/foundation/metrics/registry.hpp"
#include "core/net/dns/resolver.hpp"
#include "core/net/http_client/client.hpp"
#include "core/server/settings/load.hpp"
#include "core/tls_reports/receiving/tls_report_store.hpp"
#include "core/tls_reports/results/tally.hpp"

namespace outpost::server {

/// Whom the backend tells what. Called on any thread.
struct BackendEvents {
    queue::FreshWorkTaker* fresh_work = nullptr;
    std::function<void()> work_due;
    std::function<void()> report_due;
    std::function<void()> limits_changed;
    /// What the policy with this key stores has changed, as its channel has it; empty: all of it.
    std::function<void(const std::string& policy, const std::string& what)> policy_changed;
    std::function<void(queue::TlsChange)> tls_changed;
    std::function<void()> tls_reports_due;
    std::function<void()> superseded;  ///< a later run has taken this node's name: we must end
};

/// All that a node does with its database. The one in use is PostgreSQL's; tests have one in
/// memory.
class Backend {
  public:
    virtual ~Backend() = default;
    virtual queue::QueueStore& store() noexcept = 0;
    virtual queue::LimitStore& limits() noexcept = 0;
    /// What a policy stores (delivery::PolicyKind::open_store); null: nothing.
    virtual delivery::PolicyStore* policy_store(const std::string& policy) noexcept = 0;
    virtual queue::BounceStore& bounces() noexcept = 0;
    virtual queue::Suppressions& suppressions() noexcept = 0;
    virtual tls_report_receiving::TlsReportStore& received_reports() noexcept = 0;
    /// Takes up what an attempt learned of transport security. Never waits. Thread-safe.
    virtual void learn(const delivery::Learned& learned) = 0;
    /// Whether it answers, as far as is known. Thread-safe.
    virtual bool reachable() const noexcept { return true; }
    /// Adds what it has to tell; not to be read after its end.
    virtual void measure(metrics::Registry& metrics) { (void)metrics; }
    /// From now on events are told.
    virtual void connect(BackendEvents events) = 0;
    /// The settings of a reload: retention, DSNs. Thread-safe.
    virtual void reconfigure(const Loaded& loaded) = 0;
    /// Composes reports that are owed. True when there are more.
    virtual awaitable<bool> report_round() = 0;
    /// One step of making TLS reports, and one of posting them
    /// (core/tls_reports/sending/sender.hpp). True when there may be more.
    virtual awaitable<bool> tls_report_round(std::shared_ptr<dns::Resolver> resolver) = 0;
    virtual awaitable<bool> tls_post_round(std::shared_ptr<http_client::Client> client) = 0;
    /// Takes over what dead nodes held, removes what was kept long enough. True when there is more.
    virtual awaitable<bool> tidy_round() = 0;
    /// No event is told after this; the node is deregistered and its leases are free. Blocks.
    virtual void close() noexcept = 0;
};

}  // namespace outpost::server
