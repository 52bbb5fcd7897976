// SPDX-License-Identifier: Apache-2.0
#include "core/server/node/policies.hpp"

#include "core/net/http_client/client.hpp"
#include "policies/dane/dane.hpp"
#include "policies/mta_sts/mta_sts.hpp"

namespace outpost::server {
namespace {

constexpr std::chrono::minutes sync_interval{60};  ///< whatever changes is told of
constexpr std::chrono::minutes upkeep_interval{60};
constexpr std::chrono::seconds refresh_interval{60};
/// Policies that a node refreshes at once: one host that does not answer holds up one of them.
constexpr int refreshers = 4;

}  // namespace

Policies::Policies(
    const Settings& settings, mta_sts::Store& store, std::shared_ptr<dns::Resolver> resolver,
    TaskGroup& tasks, const Executor& executor
)
    : resolver_(std::move(resolver)),
      tasks_(tasks),
      directory_(store, resolver_, make_fetcher(settings), tasks, executor),
      sync_(
          "reading MTA-STS policies", executor, sync_interval,
          [this] { return directory_.sync_round(); }
      ),
      upkeep_("MTA-STS upkeep", executor, upkeep_interval, [this] {
          return directory_.upkeep_round();
      }) {
    for (int n = 0; n < refreshers; ++n) {
        refreshers_.emplace_back("MTA-STS refresh", executor, refresh_interval, [this] {
            return directory_.refresh_round();
        });
    }
    directory_.on_refresh_due([this] {
        for (auto& refresher : refreshers_)
            refresher.wake();
    });
}

std::shared_ptr<mta_sts::Fetcher> Policies::make_fetcher(const Settings& settings) const {
    http_client::ClientSettings client;
    client.roots = tls::make_client_context(settings.tls);
    client.resolver = resolver_;
    client.allow_networks = settings.mta_sts.allow_networks;
    return mta_sts::make_fetcher(http_client::make_https_client(std::move(client)));
}

delivery::SecurityPolicies Policies::of(const Settings& settings) {
    return {
        dane::make_policy(settings.dane.mode),
        mta_sts::make_policy(directory_, settings.mta_sts.mode),
    };
}

void Policies::reconfigure(const Settings& settings) {
    directory_.use(make_fetcher(settings));
}

void Policies::policy_changed(const std::string& domain) {
    directory_.changed(domain);
    sync_.wake();
}

void Policies::start() {
    sync_.start(tasks_);
    upkeep_.start(tasks_);
    for (auto& refresher : refreshers_)
        refresher.start(tasks_);
}

void Policies::stop() {
    sync_.stop();
    upkeep_.stop();
    for (auto& refresher : refreshers_)
        refresher.stop();
    directory_.stop();
}

}  // namespace outpost::server
