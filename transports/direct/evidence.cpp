// SPDX-License-Identifier: Apache-2.0
#include "transports/direct/evidence.hpp"

namespace outpost::transports {
namespace {

using tls::Refusal;

/// Our own refusal to hand over a message with REQUIRETLS.
bool lacks_requiretls(const delivery::Verdict& verdict) {
    const smtp::EnhancedStatus status = verdict.status();
    const bool ours = !verdict.reply() && verdict.stage() == delivery::Stage::mail;
    return ours && status.subject == 7 && status.detail == 30;
}

}  // namespace

EvidenceGatherer::EvidenceGatherer(
    const dns::Domain& domain, const delivery::SecurityPolicies& policies
)
    : policies_(policies), ledger_(domain.ascii()) {
    found_.domain = domain.ascii();
}

void EvidenceGatherer::hosts(const delivery::NextHops& hops) {
    found_.abilities.dnssec = hops.security == dns::Security::secure;
    found_.events.push_back(&delivery::mx_event(hops.security));
}

void EvidenceGatherer::no_hosts(const delivery::NoNextHop& why) {
    if (!why.failure) return;
    ledger_.domain_lookup_failed(*why.failure);
    found_.events.push_back(&delivery::mx_event(*why.failure));
}

void EvidenceGatherer::domain_policies(const delivery::Assessments& views) {
    views.note_protection(found_.abilities);
    for (tlsrpt::Finding& finding : views.of_domain())
        ledger_.domain_policy(std::move(finding));
}

void EvidenceGatherer::no_addresses(const delivery::MxHost& host, const delivery::NoNextHop& why) {
    if (why.failure) ledger_.host_lookup_failed(host.name, *why.failure);
}

void EvidenceGatherer::decided(
    const delivery::MxHost& host, const delivery::TlsPlan& plan, const delivery::Assessments& views
) {
    const auto& [enforced, watched] = plan.demand;
    views.note_protection(host, found_.abilities);
    for (tlsrpt::Finding& finding : views.of_host(host))
        ledger_.host_policy(host.name, std::move(finding));
    for (const Refusal& refusal : enforced.forbidden)
        ledger_.refused(host.name, refusal, enforced.ignore_errors);
    for (const Refusal& refusal : watched.forbidden)
        ledger_.refused(host.name, refusal, true);
    delivery::note_host(found_.events, plan.demand);
    for (const auto& policy : policies_)
        policy->note_host(found_.events, plan.demand);
}

void EvidenceGatherer::tried(
    const delivery::MxHost& host, const delivery::TlsPlan& plan, const HostOutcome& outcome
) {
    if (outcome.tls) {
        const tls::TlsObservation& seen = *outcome.tls;
        const bool in_tls = seen.reached && !seen.given_up;
        found_.abilities.starttls = seen.reached.has_value();
        if (in_tls) found_.abilities.requiretls = seen.requiretls_offered;
        ledger_.session(host.name, seen);
        delivery::note_session(found_.events, plan.demand, seen);
        for (const auto& policy : policies_)
            policy->note_session(found_.events, plan.demand, seen);
    } else if (const auto& remote = outcome.verdicts.front().remote; remote && outcome.connected) {
        // A session that was open already.
        if (!remote->tls_version.empty()) found_.abilities.starttls = true;
        if (lacks_requiretls(outcome.verdicts.front()))
            found_.events.push_back(&delivery::events::requiretls_unannounced);
    }
}

std::shared_ptr<const delivery::SecurityEvidence> EvidenceGatherer::evidence() const {
    auto evidence = std::make_shared<delivery::SecurityEvidence>(found_);
    evidence->results = ledger_.results();
    return evidence;
}

}  // namespace outpost::transports
