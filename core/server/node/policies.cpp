// SPDX-License-Identifier: Apache-2.0
#include "core/server/node/policies.hpp"

#include "core/server/settings/builtin.hpp"

namespace outpost::server {
namespace {

delivery::PolicySettingsPtr settings_of(const delivery::PolicyKind& kind, const Settings& all) {
    const auto found = all.policies.find(kind.key());
    return found == all.policies.end() ? kind.default_settings() : found->second;
}

}  // namespace

Policies::Policies(
    const Settings& settings, const FindStore& find_store,
    const std::shared_ptr<dns::Resolver>& resolver, TaskGroup& tasks, const Executor& executor
) {
    for (const auto& kind : policy_kinds()) {
        delivery::PolicyServices services{find_store(kind->key()), resolver, tasks, executor};
        members_.push_back(
            {kind, kind->open(*settings_of(*kind, settings), settings.tls, std::move(services))}
        );
    }
}

delivery::SecurityPolicies Policies::of(const Settings& settings) {
    delivery::SecurityPolicies policies;
    for (const auto& [kind, service] : members_)
        policies.push_back(service->policy(*settings_of(*kind, settings)));
    return policies;
}

void Policies::reconfigure(const Settings& settings) {
    for (const auto& [kind, service] : members_)
        service->reconfigure(*settings_of(*kind, settings), settings.tls);
}

void Policies::notified(const std::string& policy, const std::string& what) {
    for (const auto& [kind, service] : members_) {
        if (kind->key() == policy) service->notified(what);
    }
}

void Policies::count_in(metrics::Registry& registry) {
    for (const auto& [kind, service] : members_) {
        for (const auto* event : service->policy(*kind->default_settings())->events())
            registry.counter(event->metric, event->help, {{event->label, event->value}});
    }
}

void Policies::start() {
    for (const auto& [kind, service] : members_)
        service->start();
}

void Policies::stop() {
    for (const auto& [kind, service] : members_)
        service->stop();
}

}  // namespace outpost::server
