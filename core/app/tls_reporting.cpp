// SPDX-License-Identifier: Apache-2.0
#include "core/app/tls_reporting.hpp"

#include <utility>

#include "core/tls/context.hpp"

namespace outpost::app {
namespace {

constexpr std::chrono::seconds interval{30};
constexpr int workers = 4;

}  // namespace

tls_reports::Settings tls_report_settings(const Settings& settings) {
    const auto hostname = mail::Domain::parse(settings.hostname).value_or(mail::Domain());
    return {
        settings.tls_reports.send, settings.tls_reports.send_success,
        tls_reports::choose_submitter(
            settings.tls_reports.submitter, hostname, signing_domains(settings)
        )};
}

TlsReporting::TlsReporting(
    const Settings& settings, Backend& backend, std::shared_ptr<dns::Resolver> resolver,
    const Executor& executor
)
    : backend_(backend), resolver_(std::move(resolver)), client_(make_client(settings)) {
    for (int n = 0; n < workers; ++n) {
        workers_.emplace_back("sending TLS reports", executor, interval, [this] {
            return backend_.tls_report_round(world());
        });
    }
}

std::shared_ptr<http::Client> TlsReporting::make_client(const Settings& settings) const {
    http::ClientSettings client;
    client.roots = tls::make_client_context(settings.tls);
    client.resolver = resolver_;
    client.allow_networks = settings.tls_reports.allow_networks;
    return http::make_https_client(std::move(client));
}

tls_reports::World TlsReporting::world() {
    const std::lock_guard lock(mutex_);
    return {resolver_, client_};
}

// A post under way keeps the client that it began with.
void TlsReporting::reconfigure(const Settings& settings) {
    auto client = make_client(settings);
    const std::lock_guard lock(mutex_);
    client_ = std::move(client);
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

}  // namespace outpost::app
