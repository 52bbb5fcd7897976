// SPDX-License-Identifier: Apache-2.0
#include "core/delivery/next_hop/assessments.hpp"

namespace outpost::delivery {

awaitable<Assessments> Assessments::make(
    const SecurityPolicies& policies, const dns::Domain& domain, const DeliveryJob& job,
    dns::Resolver& resolver, Deadline deadline
) {
    Assessments all;
    for (const auto& policy : policies) {
        auto view = co_await policy->assess(domain, job, resolver, deadline);
        if (view) all.views_.push_back({std::string(policy->key()), std::move(view)});
    }
    co_return all;
}

awaitable<tls::TlsDemand> Assessments::demand_of(const MxHost& host, Deadline deadline) {
    tls::TlsDemand demand;
    for (const auto& [policy, view] : views_) {
        const tls::TlsDemand asked = co_await view->require(host, deadline);
        demand = demand.joined(asked);
    }
    co_return demand;
}

std::vector<tlsrpt::Finding> Assessments::of_domain() const {
    std::vector<tlsrpt::Finding> findings;
    for (const auto& [policy, view] : views_) {
        if (auto finding = view->of_domain()) findings.push_back(std::move(*finding));
    }
    return findings;
}

std::vector<tlsrpt::Finding> Assessments::of_host(const MxHost& host) const {
    std::vector<tlsrpt::Finding> findings;
    for (const auto& [policy, view] : views_) {
        if (auto finding = view->of_host(host)) findings.push_back(std::move(*finding));
    }
    return findings;
}

void Assessments::note_protection(DomainAbilities& abilities) const {
    for (const auto& [policy, view] : views_) {
        if (const auto protects = view->protects()) abilities.policies[policy] = *protects;
    }
}

void Assessments::note_protection(const MxHost& host, DomainAbilities& abilities) const {
    for (const auto& [policy, view] : views_) {
        if (const auto protects = view->protects(host)) abilities.policies[policy] = *protects;
    }
}

}  // namespace outpost::delivery
