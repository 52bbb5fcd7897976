// SPDX-License-Identifier: Apache-2.0
#include "policies/mta_sts/service.hpp"

#include <utility>

#include "core/net/http_client/client.hpp"
#include "policies/mta_sts/mta_sts.hpp"

namespace outpost::mta_sts {
namespace {

constexpr std::chrono::minutes sync_interval{60};  ///< changes are notified besides
constexpr std::chrono::minutes upkeep_interval{60};
constexpr std::chrono::seconds refresh_interval{60};
/// Policies that a node refreshes at once: one host that does not answer holds up one of them.
constexpr int refreshers = 4;

}  // namespace

Service::Service(
    const delivery::PolicySettings& settings, const tls::ClientSettings& tls,
    delivery::PolicyServices services
)
    : services_(std::move(services)),
      directory_(
          dynamic_cast<Store&>(*services_.store), services_.resolver, fetcher(settings, tls),
          services_.tasks, services_.executor
      ),
      sync_(
          "reading MTA-STS policies", services_.executor, sync_interval,
          [this] { return directory_.sync_round(); }
      ),
      upkeep_("MTA-STS upkeep", services_.executor, upkeep_interval, [this] {
          return directory_.upkeep_round();
      }) {
    for (int n = 0; n < refreshers; ++n) {
        refreshers_.emplace_back("MTA-STS refresh", services_.executor, refresh_interval, [this] {
            return directory_.refresh_round();
        });
    }
    directory_.on_refresh_due([this] {
        for (auto& refresher : refreshers_)
            refresher.wake();
    });
}

std::shared_ptr<Fetcher> Service::fetcher(
    const delivery::PolicySettings& settings, const tls::ClientSettings& tls
) const {
    http_client::ClientSettings client;
    client.roots = tls::make_client_context(tls);
    client.resolver = services_.resolver;
    client.allow_networks = settings.allow_networks;
    return make_fetcher(http_client::make_https_client(std::move(client)));
}

std::shared_ptr<delivery::SecurityPolicy> Service::policy(const delivery::PolicySettings& settings
) {
    return make_policy(directory_, settings.mode);
}

void Service::reconfigure(
    const delivery::PolicySettings& settings, const tls::ClientSettings& tls
) {
    directory_.use(fetcher(settings, tls));
}

void Service::notified(const std::string& domain) {
    directory_.changed(domain);
    sync_.wake();
}

void Service::start() {
    sync_.start(services_.tasks);
    upkeep_.start(services_.tasks);
    for (auto& refresher : refreshers_)
        refresher.start(services_.tasks);
}

void Service::stop() {
    sync_.stop();
    upkeep_.stop();
    for (auto& refresher : refreshers_)
        refresher.stop();
    directory_.stop();
}

}  // namespace outpost::mta_sts
