// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <deque>
#include <memory>
#include <mutex>

#include "core/delivery/dispatch/periodic.hpp"
#include "core/foundation/database/pool.hpp"
#include "core/net/dns/resolver.hpp"
#include "core/net/http_client/client.hpp"
#include "core/server/settings/settings.hpp"
#include "core/tls_reports/sending/settings.hpp"

namespace outpost::server {

/// How reports are sent by a configuration.
tls_reports::Settings tls_report_settings(const Settings& settings);

/// This node's part in sending TLS reports: a few workers each for making and for posting them, so
/// that a domain whose DNS or server is slow does not hold up the others.
class TlsReporting {
  public:
    /// `database` must outlive it; null: there is nothing to report. Throws std::runtime_error when
    /// a certificate file cannot be used.
    TlsReporting(
        const Settings& settings, db::Pool* database, std::shared_ptr<dns::Resolver> resolver,
        const Executor& executor
    );

    /// The settings of a reload, and certificates read again. Throws as the constructor does, and
    /// has done nothing then.
    void reconfigure(const Settings& settings);
    /// Thread-safe.
    void wake();
    void start(TaskGroup& tasks);
    /// No further report is begun; a post under way ends. Thread-safe.
    void stop();

  private:
    std::shared_ptr<http_client::Client> make_client(const Settings& settings) const;
    std::shared_ptr<http_client::Client> client();
    tls_reports::Settings settings();

    db::Pool* const database_;
    const std::shared_ptr<dns::Resolver> resolver_;
    std::mutex mutex_;
    tls_reports::Settings settings_;
    std::shared_ptr<http_client::Client> client_;
    std::deque<dispatch::Periodic> workers_;
};

}  // namespace outpost::server
