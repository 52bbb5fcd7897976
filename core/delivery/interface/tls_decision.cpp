// SPDX-License-Identifier: Apache-2.0
#include "core/delivery/interface/tls_decision.hpp"

#include <algorithm>

namespace outpost::delivery {
namespace {

using tls::Refusal;

Verdict verdict_of(const Refusal& refusal) {
    switch (refusal.kind) {
        case Refusal::Kind::domain_unknown:
        case Refusal::Kind::host_unknown:
            return Verdict::deferred(Stage::resolve, ErrorKind::dns, {4, 4, 3}, refusal.reason);
        case Refusal::Kind::domain_excludes:
        case Refusal::Kind::host_unproven:
            return Verdict::deferred(Stage::tls, ErrorKind::tls, {4, 7, 5}, refusal.reason);
        case Refusal::Kind::requiretls:
            break;
    }
    return Verdict::deferred(Stage::tls, ErrorKind::policy, {4, 7, 30}, refusal.reason);
}

void require_requiretls(tls::TlsRequirement& enforced) {
    enforced.must_announce_requiretls = true;
    if (enforced.needs_verification()) return;
    enforced.forbidden.push_back(
        {Refusal::Kind::requiretls,
         "the message needs REQUIRETLS and neither DANE nor MTA-STS verifies this host"}
    );
    std::sort(enforced.forbidden.begin(), enforced.forbidden.end());
}

std::string who_asked(TlsWish wish, const tls::TlsDemand& asked) {
    std::string out;
    const auto add = [&out](const std::string& name) { out += (out.empty() ? "" : ", ") + name; };
    if (wish == TlsWish::required) add("REQUIRETLS");
    if (wish == TlsWish::not_required) add("TLS-Required: No");
    for (const std::string& source : asked.enforced.sources)
        add(source);
    for (const std::string& source : asked.watched.sources)
        add("(" + source + ")");
    return out;
}

}  // namespace

TlsPlan decide_tls(TlsWish wish, const tls::TlsDemand& asked) {
    TlsPlan plan;
    plan.policy = who_asked(wish, asked);
    plan.demand = asked;
    tls::TlsRequirement& enforced = plan.demand.enforced;
    if (wish == TlsWish::required) require_requiretls(enforced);
    if (wish == TlsWish::not_required) enforced = enforced.relaxed();
    // In the order of Refusal::Kind: trouble that may pass comes before what REQUIRETLS misses, for
    // a lookup that failed might yet turn that up.
    if (!enforced.forbidden.empty() && !enforced.ignore_errors)
        plan.refused = verdict_of(enforced.forbidden.front());
    const bool needs_tls =
        enforced.must_use_tls || enforced.needs_verification() || enforced.must_announce_requiretls;
    plan.mode = needs_tls ? TlsMode::required : TlsMode::opportunistic;
    return plan;
}

}  // namespace outpost::delivery
