// SPDX-License-Identifier: Apache-2.0
#include "core/server/node/make_snapshot.hpp"

#include <stdexcept>

#include "core/reception/submission/signer.hpp"

namespace outpost::server {
namespace {

/// For mail of SQL, as listeners do for theirs.
std::shared_ptr<const dkim::Signer> signer_of(const Settings& settings) {
    std::map<std::string, submission::AccountSettings> accounts;
    for (const auto& [name, account] : settings.accounts)
        accounts[name] = account.submission;
    return submission::make_signer(
        signing_domains(settings), std::make_shared<const submission::Accounts>(std::move(accounts))
    );
}

}  // namespace

dispatch::SnapshotPtr make_snapshot(
    const Loaded& loaded, const TransportMaker& make, const delivery::SecurityPolicies& policies
) {
    const auto& settings = loaded.settings;
    auto snapshot = std::make_shared<dispatch::Snapshot>();
    snapshot->version = loaded.version;
    snapshot->ehlo_name = settings.hostname;
    snapshot->global_routes = settings.routes;
    snapshot->retry = settings.retry;
    if (settings.bounces) {
        snapshot->return_paths = {settings.bounces->domain, settings.bounces->secret};
        if (settings.bounces->suppress) snapshot->suppress_for = settings.bounces->suppress_for;
    }
    snapshot->signer = signer_of(settings);
    for (const auto& [name, account] : settings.accounts)
        snapshot->account_routes[name] = account.routes;
    for (const auto& [name, domain] : settings.domains) {
        snapshot->domain_routes[dns::Domain::parse(name).value()] = domain.routes;
    }
    for (const auto& [name, transport] : settings.transports) {
        try {
            auto& entry = snapshot->transports[name];
            entry.transport = make(settings, name, transport, policies);
            entry.concurrency = transport.config->concurrency();
            entry.rate = transport.config->rate();
        } catch (const std::exception& error) {
            throw std::runtime_error("transport '" + name + "': " + error.what());
        }
    }
    return snapshot;
}

}  // namespace outpost::server
