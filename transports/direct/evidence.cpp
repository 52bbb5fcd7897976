// SPDX-License-Identifier: Apache-2.0
#include "transports/direct/evidence.hpp"

#include <algorithm>

namespace outpost::transports {
namespace {

using tls::Refusal;

bool forbids(const tls::TlsRequirement& requirement, Refusal::Kind kind) {
    const auto& all = requirement.forbidden;
    return std::any_of(all.begin(), all.end(), [&](const Refusal& one) {
        return one.kind == kind;
    });
}

/// Whether the domain has an MTA-STS policy in mode enforce; unset when that could not be found
/// out.
std::optional<bool> enforces(const tlsrpt::Policy& policy) {
    if (policy.type != tlsrpt::PolicyType::sts) return false;
    if (policy.strings.empty()) return std::nullopt;
    return std::find(policy.strings.begin(), policy.strings.end(), "mode: enforce") !=
           policy.strings.end();
}

/// Our own refusal to hand over a message with REQUIRETLS.
bool lacks_requiretls(const delivery::Verdict& verdict) {
    const smtp::EnhancedStatus status = verdict.status();
    const bool ours = !verdict.reply() && verdict.stage() == delivery::Stage::mail;
    return ours && status.subject == 7 && status.detail == 30;
}

}  // namespace

EvidenceGatherer::EvidenceGatherer(const dns::Domain& domain) : ledger_(domain.ascii()) {
    found_.domain = domain.ascii();
}

void EvidenceGatherer::hosts(const delivery::NextHops& hops) {
    found_.abilities.dnssec = hops.security == dns::Security::secure;
    found_.events.push_back(delivery::mx_event(hops.security));
}

void EvidenceGatherer::no_hosts(const delivery::NoNextHop& why) {
    if (!why.failure) return;
    ledger_.domain_lookup_failed(*why.failure);
    found_.events.push_back(delivery::mx_event(*why.failure));
}

void EvidenceGatherer::domain_policies(const delivery::Assessments& views) {
    for (tlsrpt::Finding& finding : views.of_domain()) {
        found_.abilities.mta_sts = enforces(finding.policy);
        ledger_.domain_policy(std::move(finding));
    }
}

void EvidenceGatherer::no_addresses(const delivery::MxHost& host, const delivery::NoNextHop& why) {
    if (why.failure) ledger_.host_lookup_failed(host.name, *why.failure);
}

void EvidenceGatherer::decided(
    const delivery::MxHost& host, const delivery::TlsPlan& plan, const delivery::Assessments& views
) {
    const auto& [enforced, watched] = plan.demand;
    for (tlsrpt::Finding& finding : views.of_host(host)) {
        const bool unknown = forbids(enforced, Refusal::Kind::tlsa_lookup) ||
                             forbids(watched, Refusal::Kind::tlsa_lookup);
        if (!unknown) found_.abilities.dane = !enforced.dane.empty() || !watched.dane.empty();
        ledger_.host_policy(host.name, std::move(finding));
    }
    for (const Refusal& refusal : enforced.forbidden)
        ledger_.refused(host.name, refusal, enforced.ignore_errors);
    for (const Refusal& refusal : watched.forbidden)
        ledger_.refused(host.name, refusal, true);
    delivery::note_host(found_.events, plan.demand);
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
    } else if (const auto& remote = outcome.verdicts.front().remote; remote && outcome.connected) {
        // A session that was open already.
        if (!remote->tls_version.empty()) found_.abilities.starttls = true;
        if (lacks_requiretls(outcome.verdicts.front()))
            found_.events.push_back(delivery::SecurityEvent::requiretls_unannounced);
    }
}

std::shared_ptr<const delivery::SecurityEvidence> EvidenceGatherer::evidence() const {
    auto evidence = std::make_shared<delivery::SecurityEvidence>(found_);
    evidence->results = ledger_.results();
    return evidence;
}

}  // namespace outpost::transports
