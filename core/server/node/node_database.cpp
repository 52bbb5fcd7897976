// SPDX-License-Identifier: Apache-2.0
#include "core/server/node/node_database.hpp"

#include "core/delivery/queue/housekeeping.hpp"
#include "core/foundation/base/log.hpp"
#include "core/foundation/database/migrate.hpp"
#include "core/server/node/version.hpp"
#include "core/server/settings/builtin.hpp"
#include "core/tls_reports/results/store.hpp"
#include "core/tls_reports/sending/marks.hpp"

namespace outpost::server {
namespace {

queue::ConfigurationRows rows_of(const Loaded& loaded) {
    queue::ConfigurationRows rows;
    rows.version = loaded.version;
    rows.node = loaded.settings.node;
    for (const auto& [name, account] : loaded.settings.accounts) {
        queue::AccountRow& row = rows.accounts.emplace_back();
        row.name = name;
        row.any_sender = account.submission.any_sender;
        for (const auto& address : account.submission.addresses)
            row.addresses.push_back(address.wire());
        for (const auto& domain : account.submission.domains)
            row.domains.push_back(domain.ascii());
    }
    for (const auto& [name, transport] : loaded.settings.transports)
        rows.transports.push_back(name);
    return rows;
}

queue::ReportSettings report_settings(const Settings& settings) {
    const std::string& mta =
        settings.dsn.reporting_mta.empty() ? settings.hostname : settings.dsn.reporting_mta;
    auto signer = std::make_shared<const dkim::Signer>(
        signing_domains(settings), [](const auto&, const auto&) { return true; }
    );
    return {mta, settings.retry, settings.dsn.max_original, std::move(signer)};
}

tls_results::Keep keep(const Retention& retention) {
    using std::chrono::ceil, std::chrono::days;
    return {ceil<days>(retention.tls_results), ceil<days>(retention.tls_abilities)};
}

queue::NodeFacts node_facts(const Loaded& loaded) {
    return {loaded.settings.node, loaded.settings.hostname, program_version(), loaded.version};
}

/// The schema first: nothing else works without it.
db::Settings prepared(const Loaded& loaded) {
    db::Session session(loaded.settings.database);
    db::migrate(session);
    queue::publish_configuration(session, rows_of(loaded));
    return loaded.settings.database;
}

}  // namespace

NodeDatabase::NodeDatabase(const Loaded& loaded, std::function<void()> superseded)
    : settings_(loaded.settings.database),
      retention_(loaded.settings.retention),
      reports_(report_settings(loaded.settings)),
      pool_(prepared(loaded)),
      node_(settings_, node_facts(loaded), std::move(superseded), [this] { tick(); }),
      store_(pool_, node_),
      limits_(pool_, node_),
      bounces_(pool_),
      suppressions_(pool_),
      received_reports_(pool_),
      evidence_writer_(evidence_, pool_, to_number(node_.id())) {
    for (const auto& kind : policy_kinds())
        policy_stores_[kind->key()] = kind->open_store(pool_, [this] { return store_.now(); });
    evidence_.record_results(loaded.settings.tls_reports.record);
    db::Session session(settings_);
    suppressions_.refresh(session);  // before anything is delivered
    ready_ = true;
}

NodeDatabase::~NodeDatabase() {
    close();
}

Stores NodeDatabase::stores() {
    return {
        store_,
        limits_,
        suppressions_,
        bounces_,
        received_reports_,
        [this](const std::string& policy) -> delivery::PolicyStore* {
            const auto found = policy_stores_.find(policy);
            return found == policy_stores_.end() ? nullptr : found->second.get();
        },
        [this](queue::FreshWorkTaker* taker) { store_.set_fresh_work_taker(taker); }
    };
}

void NodeDatabase::measure(metrics::Registry& metrics) {
    const auto gauge = [&](const char* name, const char* help, std::function<double()> read) {
        metrics.gauge(name, help, {}, std::move(read));
    };
    gauge("outpost_database_up", "Whether the database answers", [this] {
        return pool_.reachable() ? 1.0 : 0.0;
    });
    gauge("outpost_database_connections", "Open connections to the database", [this] {
        return static_cast<double>(pool_.load().connections);
    });
    gauge("outpost_database_jobs_waiting", "Statements that wait for a connection", [this] {
        return static_cast<double>(pool_.load().waiting);
    });
    gauge(
        "outpost_tls_evidence_lost",
        "Results about TLS let go since the start, because the database did not take them",
        [this] { return static_cast<double>(evidence_.lost()); }
    );
}

void NodeDatabase::listen(Channels channels) {
    channels["outpost_suppression"] = [this](const std::string& key) {
        suppressions_.changed(key);
    };
    channels[queue::takeover_channel] = [this](const std::string& name) {
        if (name.empty() || name == node_.name()) node_.renew_now();
    };
    notifications_.emplace(settings_, std::move(channels));
}

bool NodeDatabase::is_own(const std::string& sender) const {
    return sender == std::to_string(to_number(node_.id()));
}

void NodeDatabase::reconfigure(const Loaded& loaded) {
    {
        const std::lock_guard lock(mutex_);
        retention_ = loaded.settings.retention;
        reports_ = report_settings(loaded.settings);
    }
    evidence_.record_results(loaded.settings.tls_reports.record);
    node_.set_config_version(loaded.version);
    const auto publish = [rows = rows_of(loaded)](db::Session& session) {
        queue::publish_configuration(session, rows);
    };
    pool_.post(publish, [](const std::exception_ptr&) {
        log::warning("database", "the new configuration could not be published");
    });
}

awaitable<bool> NodeDatabase::compose_report() {
    queue::ReportSettings settings;
    {
        const std::lock_guard lock(mutex_);
        settings = reports_;
    }
    const auto write = [settings](db::Session& session) {
        return queue::write_one_report(session, settings);
    };
    co_return co_await pool_.run(write);
}

awaitable<bool> NodeDatabase::tidy() {
    std::chrono::seconds uncertain{};
    Retention retention;
    {
        const std::lock_guard lock(mutex_);
        uncertain = reports_.retry.uncertain;
        retention = retention_;
    }
    const bool judge = node_.may_judge_others();
    const auto work = [this, uncertain, retention, judge](db::Session& session) {
        suppressions_.refresh(session);
        const int taken = judge ? queue::take_over(session, uncertain) : 0;
        if (taken > 0) log::info("queue", "took over {} recipients of nodes that are gone", taken);
        const bool more_changes = queue::fold_waiting(session);
        // First what became of reports, then away with their mails.
        tls_reports::tidy(session, keep(retention).results);
        const bool more_messages = queue::expire(session, retention.messages);
        const bool more_history = queue::expire_history(session, retention.attempts);
        const bool more_bounces = queue::expire_bounces(session, retention.attempts);
        const bool more_evidence = tls_results::expire(session, keep(retention));
        const bool more_reports =
            tls_report_receiving::expire_tls_reports(session, retention.received_tls_reports);
        return taken > 0 || more_changes || more_messages || more_history || more_bounces ||
               more_evidence || more_reports;
    };
    co_return co_await pool_.run(work);
}

void NodeDatabase::close() noexcept {
    store_.set_fresh_work_taker(nullptr);
    notifications_.reset();
    node_.leave([this](db::Session& session) {
        evidence_writer_.finish(session);
        store_.stages().write(session);
    });
    pool_.stop();
}

void NodeDatabase::tick() {
    if (!ready_) return;
    store_.stages().flush();
    evidence_writer_.tick();
}

}  // namespace outpost::server
