// SPDX-License-Identifier: Apache-2.0
#include "transports/direct/direct.hpp"

#include <algorithm>

#include "core/delivery/interface/tls_decision.hpp"
#include "core/delivery/next_hop/assessments.hpp"
#include "core/delivery/next_hop/survey.hpp"
#include "transports/common/progress.hpp"
#include "transports/common/session_pool.hpp"
#include "transports/common/smtp_attempt.hpp"
#include "transports/direct/evidence.hpp"

namespace outpost::transports {
namespace {

using delivery::Assessments;
using delivery::DeliveryJob;
using delivery::DeliveryOutcome;
using delivery::ErrorKind;
using delivery::MxHost;
using delivery::Stage;
using delivery::Verdict;

/// A policy reply (x.7.z) of a dual-stack host on the first attempt may speak of the address family
/// we came from: worth one more attempt, which comes from the other one.
Verdict soften_for_dual_stack(const Verdict& verdict, bool dual_stack, int attempt) {
    const bool about_policy =
        verdict.kind() == Verdict::Kind::failed && verdict.reply() && verdict.status().subject == 7;
    return about_policy && dual_stack && attempt == 1 ? verdict.softened() : verdict;
}

bool is_dual_stack(const std::vector<net::IpAddress>& addresses) {
    const auto v4 = std::count_if(addresses.begin(), addresses.end(), [](const auto& address) {
        return address.is_v4();
    });
    return v4 != 0 && v4 != static_cast<std::ptrdiff_t>(addresses.size());
}

// The whole decision, in the order of the code:
//  1. Find the hosts: the MX of the recipient's domain in order of preference, or the domain itself
//     (RFC 5321 section 5.1). None, or a null MX: the message ends here.
//  2. Ask each policy once what it knows of the domain (SecurityPolicy::assess).
//  3. Take host by host: look up its addresses; skip it if there are none. A host that is this very
//     server ends the list, and so do all that are less preferred.
//  4. Join what the policies demand of the host, and let decide_tls say with the message's own wish
//     what its session must reach. A host that may not be used is skipped.
//  5. Deliver to it the recipients that have no final verdict yet: over an open session that has
//     reached the very same, else over a new one, in clear after failed TLS only if that is
//     allowed.
//  6. Stop when every recipient has a final verdict (progress.hpp); what one host alone cannot take
//     is permanent only if every host says so.
// What was seen of TLS on the way goes to reports and counters (evidence.hpp).
class Direct final : public delivery::Transport {
  public:
    Direct(
        DirectSettings settings, std::shared_ptr<net::Dialer> dialer,
        delivery::SecurityPolicies policies, std::vector<net::Endpoint> own
    )
        : settings_(std::move(settings)),
          dialer_(std::move(dialer)),
          policies_(std::move(policies)),
          own_(std::move(own)),
          pool_(
              {settings_.smtp.max_messages_per_connection, settings_.smtp.max_idle_per_host,
               settings_.smtp.idle_timeout}
          ) {}

    bool per_domain() const noexcept override { return true; }
    bool can_require_tls() const noexcept override { return true; }
    bool reads_content_late() const noexcept override { return true; }
    void prune() noexcept override { pool_.prune(); }

    awaitable<DeliveryOutcome> deliver(const DeliveryJob& job, delivery::AttemptContext& context)
        override {
        if (job.domain.empty()) co_return co_await deliver_to_literal(job, context);
        context.gate.reached(Stage::resolve);
        EvidenceGatherer evidence(job.domain, policies_);
        auto outcome = co_await deliver_to_domain(job, context, evidence);
        outcome.evidence = evidence.evidence();
        co_return outcome;
    }

  private:
    delivery::NextHopOptions options(const DeliveryJob& job) const {
        delivery::NextHopOptions options;
        options.ipv4 = settings_.ipv4;
        options.ipv6 = settings_.ipv6;
        options.ipv6_first =
            job.attempt % 2 == 1;  // the families take turns from attempt to attempt
        return options;
    }

    awaitable<DeliveryOutcome> deliver_to_literal(
        const DeliveryJob& job, delivery::AttemptContext& context
    ) {
        const auto address =
            literal_address(job.recipients.front().address.literal(), options(job));
        if (!address) co_return DeliveryOutcome::all(job, address.error());
        const MxHost host;
        const std::vector<net::IpAddress> addresses{*address};
        if (is_this_server(addresses)) co_return DeliveryOutcome::all(job, circle());
        const tls::TlsDemand nothing;
        const auto plan = delivery::decide_tls(job.message->tls_wish, nothing);
        Progress progress(job);
        co_await try_host(job, host, addresses, plan, context, progress);
        co_return progress.outcome();
    }

    awaitable<DeliveryOutcome> deliver_to_domain(
        const DeliveryJob& job, delivery::AttemptContext& context, EvidenceGatherer& evidence
    ) {
        const auto hops =
            co_await find_hosts(context.resolver, job.domain, options(job), context.deadline);
        if (!hops) {
            evidence.no_hosts(hops.error());
            co_return DeliveryOutcome::all(job, hops.error().verdict);
        }
        evidence.hosts(*hops);
        auto views = co_await Assessments::make(
            policies_, job.domain, job, context.resolver, context.deadline
        );
        evidence.domain_policies(views);
        co_return co_await deliver_to_hosts(job, hops->hosts, views, context, evidence);
    }

    awaitable<DeliveryOutcome> deliver_to_hosts(
        const DeliveryJob& job, const std::vector<MxHost>& hosts, Assessments& views,
        delivery::AttemptContext& context, EvidenceGatherer& evidence
    ) {
        Progress progress(job);
        for (MxHost host : hosts) {
            const auto found = co_await find_addresses(
                context.resolver, host.name, host.implicit, options(job), context.deadline
            );
            if (!found) {
                evidence.no_addresses(host, found.error());
                context.transcript.remark(host.name + ": " + found.error().verdict.reason());
                progress.note_all(found.error().verdict);
                continue;
            }
            // RFC 5321 section 5.1: not to ourselves, and to nobody whom we are preferred to.
            if (is_this_server(found->addresses)) {
                context.transcript.remark(host.name + " is this server");
                if (host.name == hosts.front().name) progress.note_all(circle());
                break;
            }
            delivery::learn(host, *found);
            const auto plan = co_await plan_tls(job, host, views, context.deadline);
            evidence.decided(host, plan, views);
            const auto outcome =
                co_await try_host(job, host, found->addresses, plan, context, progress);
            if (outcome) evidence.tried(host, plan, *outcome);
            if (progress.all_final()) break;
        }
        co_return progress.outcome();
    }

    static awaitable<delivery::TlsPlan> plan_tls(
        const DeliveryJob& job, const MxHost& host, Assessments& views, Deadline deadline
    ) {
        const auto demand = co_await views.demand_of(host, deadline);
        co_return delivery::decide_tls(job.message->tls_wish, demand);
    }

    bool is_this_server(const std::vector<net::IpAddress>& addresses) const {
        return std::any_of(addresses.begin(), addresses.end(), [&](const auto& address) {
            const net::Endpoint there{net::without_mapping(address), settings_.port};
            return std::find(own_.begin(), own_.end(), there) != own_.end();
        });
    }

    static Verdict circle() {
        return Verdict::failed(
            Stage::resolve, ErrorKind::dns, {5, 4, 6},
            "mail would go round in a circle: this server is the best mail server of the domain"
        );
    }

    /// What came of the host; nothing when it was not to be used.
    awaitable<std::optional<HostOutcome>> try_host(
        const DeliveryJob& job, const MxHost& host, const std::vector<net::IpAddress>& addresses,
        const delivery::TlsPlan& tls, delivery::AttemptContext& context, Progress& progress
    ) {
        if (tls.refused) {
            context.transcript.remark(host.name + " is not used: " + tls.refused->reason());
            progress.note_all(refusal_at(host, tls));
            co_return std::nullopt;
        }
        const auto fewer = progress.fewer();
        context.gate.reached(Stage::connect);
        HostOutcome outcome = co_await attempt_host(
            plan_for(host, addresses, tls, context), fewer ? *fewer : job, context, *dialer_, pool_
        );
        for (Verdict& verdict : outcome.verdicts)
            verdict = soften_for_dual_stack(verdict, is_dual_stack(addresses), job.attempt);
        progress.note(outcome);
        co_return outcome;
    }

    Verdict refusal_at(const MxHost& host, const delivery::TlsPlan& tls) const {
        auto remote = std::make_shared<delivery::RemoteFacts>();
        remote->host = host.name;
        remote->port = settings_.port;
        remote->tls_requirement = tls.demand.enforced.describe();
        remote->tls_policy = tls.policy;
        remote->tls_result = "not used: " + tls.refused->reason();
        Verdict verdict = *tls.refused;
        verdict.remote = std::move(remote);
        return verdict;
    }

    std::shared_ptr<const HostPlan> plan_for(
        const MxHost& host, const std::vector<net::IpAddress>& addresses,
        const delivery::TlsPlan& tls, const delivery::AttemptContext& context
    ) {
        const auto made = std::make_shared<HostPlan>();
        HostPlan& plan = *made;
        plan.host = host.name;
        plan.addresses = addresses;
        plan.port = settings_.port;
        plan.resting = &resting_;
        plan.session.ehlo_name =
            settings_.smtp.ehlo_name.empty() ? context.ehlo_name : settings_.smtp.ehlo_name;
        plan.session.server_name = host.name.empty() ? addresses.front().to_string() : host.name;
        plan.session.timeouts.connect = settings_.smtp.connect_timeout;
        plan.session.tls = tls;
        return made;
    }

    DirectSettings settings_;
    std::shared_ptr<net::Dialer> dialer_;
    delivery::SecurityPolicies policies_;
    std::vector<net::Endpoint> own_;
    SessionPool pool_;
    RestingHosts resting_;
};

}  // namespace

delivery::TransportPtr make_direct(
    DirectSettings settings, std::shared_ptr<net::Dialer> dialer,
    delivery::SecurityPolicies policies, std::vector<net::Endpoint> own
) {
    return std::make_shared<Direct>(
        std::move(settings), std::move(dialer), std::move(policies), std::move(own)
    );
}

}  // namespace outpost::transports
