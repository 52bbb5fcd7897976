// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "core/delivery/queue/limits_pg.hpp"
#include "core/delivery/queue/reports.hpp"
#include "core/delivery/queue/store_pg.hpp"
#include "core/delivery/queue/suppressions_pg.hpp"
#include "core/foundation/database/listener.hpp"
#include "core/foundation/database/pool.hpp"
#include "core/foundation/metrics/registry.hpp"
#include "core/server/node/stores.hpp"
#include "core/server/settings/load.hpp"
#include "core/tls_reports/receiving/tls_report_store_pg.hpp"
#include "core/tls_reports/results/writer.hpp"

namespace outpost::server {

/// The PostgreSQL database of a running node: its registration, its stores, what it hears from the
/// other nodes, and the work that keeps the tables in order.
class NodeDatabase {
  public:
    /// Connects, brings the schema up to date, publishes the configuration and registers this node.
    /// Throws db::Unavailable or db::Error with a sentence for people. `superseded` is called, on
    /// any thread, once a later run has taken this node's name: we must end.
    NodeDatabase(const Loaded& loaded, std::function<void()> superseded);
    ~NodeDatabase();

    Stores stores();
    db::Pool& pool() noexcept { return pool_; }
    /// Takes up what an attempt learned of transport security. Never waits. Thread-safe.
    void learn(const delivery::Learned& learned) { evidence_.note(learned); }
    /// Whether the database answers, as far as is known. Thread-safe.
    bool reachable() const noexcept { return pool_.reachable(); }
    /// Adds what there is to tell of the database; not to be read after its end.
    void measure(metrics::Registry& metrics);

    /// What to do for notifications, by channel; see db::Listener for how it is called.
    using Channels = std::map<std::string, db::Listener::Callback>;
    /// From now on notifications are heard: these, and those that concern this object alone.
    void listen(Channels channels);
    /// Whether a notification that names its sender comes from this node.
    bool is_own(const std::string& sender) const;

    /// The settings of a reload: retention, DSNs. Thread-safe.
    void reconfigure(const Loaded& loaded);
    /// Composes a report that is owed. True when there are more.
    awaitable<bool> compose_report();
    /// Takes over what dead nodes held, removes what was kept long enough. True when there is more.
    awaitable<bool> tidy();

    /// No notification is heard after this; the node is deregistered and its leases are free.
    /// Blocks.
    void close() noexcept;

  private:
    void tick();

    const db::Settings settings_;
    std::mutex mutex_;
    Retention retention_;
    queue::ReportSettings reports_;
    std::atomic<bool> ready_{false};
    db::Pool pool_;
    queue::Node node_;
    queue::PgStore store_;
    queue::PgLimits limits_;
    std::map<std::string, std::unique_ptr<delivery::PolicyStore>> policy_stores_;
    queue::PgBounces bounces_;
    queue::PgSuppressions suppressions_;
    tls_report_receiving::PgTlsReportStore received_reports_;
    tls_results::Recorder evidence_;
    tls_results::Writer evidence_writer_;
    std::optional<db::Listener> notifications_;
};

}  // namespace outpost::server
