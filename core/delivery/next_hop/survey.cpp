// SPDX-License-Identifier: Apache-2.0
#include "core/delivery/next_hop/survey.hpp"

#include "core/delivery/next_hop/assessments.hpp"

namespace outpost::delivery {

void learn(MxHost& host, const HostAddresses& found) {
    host.addresses_secure = found.secure;
    host.expanded = found.expanded;
}

awaitable<DomainSurvey> survey(
    dns::Resolver& resolver, const SecurityPolicies& policies, const DeliveryJob& job,
    const NextHopOptions& options, Deadline deadline
) {
    auto hops = co_await find_hosts(resolver, job.domain, options, deadline);
    DomainSurvey survey{std::move(hops), {}, {}};
    if (!survey.hops) co_return survey;
    auto views = co_await Assessments::make(policies, job.domain, job, resolver, deadline);
    for (const MxHost& host : survey.hops->hosts) {
        auto addresses =
            co_await find_addresses(resolver, host.name, host.implicit, options, deadline);
        HostSurvey one{host, std::move(addresses), {}, {}};
        if (one.addresses) {
            learn(one.host, *one.addresses);
            const tls::TlsDemand demand = co_await views.demand_of(one.host, deadline);
            one.plan = decide_tls(job.message->tls_wish, demand);
            one.findings = views.of_host(one.host);
        }
        survey.hosts.push_back(std::move(one));
    }
    survey.findings = views.of_domain();
    co_return survey;
}

}  // namespace outpost::delivery
