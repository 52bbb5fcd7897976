// SPDX-License-Identifier: Apache-2.0
#include "core/server/node/tls_reporting.hpp"

#include <utility>

#include "core/net/tls/context.hpp"
#include "core/tls_reports/sending/sender.hpp"

namespace outpost::server {
namespace {

constexpr std::chrono::seconds interval{30};
constexpr int makers = 2, posters = 4;

}  // namespace

tls_reports::Settings tls_report_settings(const Settings& settings) {
    const auto hostname = dns::Domain::parse(settings.hostname).value_or(dns::Domain());
    return {
        settings.tls_reports.send, settings.tls_reports.send_success,
        tls_reports::choose_submitter(
            settings.tls_reports.submitter, hostname, signing_domains(settings)
        )
    };
}

TlsReporting::TlsReporting(
    const Settings& settings, db::Pool* database, std::shared_ptr<dns::Resolver> resolver,
    const Executor& executor
)
    : database_(database),
      resolver_(std::move(resolver)),
      settings_(tls_report_settings(settings)),
      client_(make_client(settings)) {
    if (database_ == nullptr) return;
    for (int n = 0; n < makers; ++n) {
        workers_.emplace_back("making TLS reports", executor, interval, [this] {
            return tls_reports::make_round(*database_, resolver_, this->settings());
        });
    }
    for (int n = 0; n < posters; ++n) {
        workers_.emplace_back("posting TLS reports", executor, interval, [this] {
            return tls_reports::post_round(*database_, client());
        });
    }
}

std::shared_ptr<http_client::Client> TlsReporting::make_client(const Settings& settings) const {
    http_client::ClientSettings client;
    client.roots = tls::make_client_context(settings.tls);
    client.resolver = resolver_;
    client.allow_networks = settings.tls_reports.allow_networks;
    return http_client::make_https_client(std::move(client));
}

std::shared_ptr<http_client::Client> TlsReporting::client() {
    const std::lock_guard lock(mutex_);
    return client_;
}

tls_reports::Settings TlsReporting::settings() {
    const std::lock_guard lock(mutex_);
    return settings_;
}

// A post under way keeps the client that it began with.
void TlsReporting::reconfigure(const Settings& settings) {
    auto client = make_client(settings);
    auto reports = tls_report_settings(settings);
    const std::lock_guard lock(mutex_);
    client_ = std::move(client);
    settings_ = std::move(reports);
}

void TlsReporting::wake() {
    for (auto& worker : workers_)
        worker.wake();
}

void TlsReporting::start(TaskGroup& tasks) {
    for (auto& worker : workers_)
        worker.start(tasks);
}

void TlsReporting::stop() {
    for (auto& worker : workers_)
        worker.stop();
    const std::lock_guard lock(mutex_);
    client_->stop();
}

}  // namespace outpost::server
