// SPDX-License-Identifier: Apache-2.0
#include "core/app/make_snapshot.hpp"

#include <stdexcept>
#include <variant>

namespace outpost::app {
namespace {

struct OwnLimit {
    std::size_t operator()(const transports::DirectSettings& direct) const {
        return direct.smtp.max_connections;
    }
    std::size_t operator()(const transports::RelaySettings& relay) const {
        return relay.smtp.max_connections;
    }
    std::size_t operator()(const transports::SocksSettings& socks) const {
        return socks.direct.smtp.max_connections;
    }
    template <class Other>
    std::size_t operator()(const Other&) const {
        return 0;
    }
};

}  // namespace

dispatch::SnapshotPtr make_snapshot(const Loaded& loaded, const TransportMaker& make) {
    const auto& settings = loaded.settings;
    auto snapshot = std::make_shared<dispatch::Snapshot>();
    snapshot->version = loaded.version;
    snapshot->ehlo_name = settings.hostname;
    snapshot->global_routes = settings.routes;
    snapshot->retry = settings.retry;
    for (const auto& [name, account] : settings.accounts)
        snapshot->account_routes[name] = account.routes;
    for (const auto& [name, domain] : settings.domains) {
        snapshot->domain_routes[mail::Domain::parse(name).value()] = domain.routes;
    }
    for (const auto& [name, transport] : settings.transports) {
        try {
            snapshot->transports[name] = {
                make(settings, name, transport), std::visit(OwnLimit{}, transport)
            };
        } catch (const std::exception& error) {
            throw std::runtime_error("transport '" + name + "': " + error.what());
        }
    }
    return snapshot;
}

}  // namespace outpost::app
