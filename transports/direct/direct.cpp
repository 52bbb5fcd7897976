// SPDX-License-Identifier: Apache-2.0
#include "transports/direct/direct.hpp"

#include <algorithm>

#include "transports/common/progress.hpp"
#include "transports/common/session_pool.hpp"
#include "transports/common/smtp_attempt.hpp"

namespace outpost::transports {
namespace {

using delivery::DeliveryJob;
using delivery::DeliveryOutcome;
using delivery::ErrorKind;
using delivery::MxHost;
using delivery::Stage;
using delivery::Verdict;
using Assessments = std::vector<std::unique_ptr<delivery::Assessment>>;

/// What the policies ask of one host, with the message's own wish on top (RFC 8689).
awaitable<tls::TlsRequirement> requirement_for(
    const MxHost& host, const Assessments& assessments, std::optional<bool> require_tls,
    Deadline deadline
) {
    tls::TlsRequirement requirement;
    for (const auto& assessment : assessments) {
        const tls::TlsDemand asked = co_await assessment->require(host, deadline);
        requirement = requirement.stricter(asked.enforced);
    }
    if (require_tls == true) {
        requirement.must_announce_requiretls = true;
        if (!requirement.needs_verification())
            requirement.forbidden.push_back(
                {tls::Refusal::Kind::requiretls,
                 "the message needs REQUIRETLS and no policy verifies this host"}
            );
    } else if (require_tls == false) {
        requirement = requirement.relaxed();
    }
    co_return requirement;
}

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
        const auto hops =
            co_await find_hosts(context.resolver, job.domain, options(job), context.deadline);
        if (!hops) co_return DeliveryOutcome::all(job, hops.error());
        co_return co_await deliver_to_hosts(job, *hops, context);
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
        const Assessments none;
        Progress progress(job);
        co_await try_host(host, addresses, none, job, context, progress);
        co_return progress.outcome();
    }

    awaitable<DeliveryOutcome> deliver_to_hosts(
        const DeliveryJob& job, const delivery::NextHops& hops, delivery::AttemptContext& context
    ) {
        Assessments assessments;
        for (const auto& policy : policies_) {
            auto assessment = co_await policy->assess(job.domain, job, context.resolver, context.deadline);
            if (assessment) assessments.push_back(std::move(assessment));
        }
        Progress progress(job);
        for (const MxHost& host : hops.hosts) {
            const auto addresses = co_await find_addresses(
                context.resolver, host.name, hops.implicit_mx, options(job), context.deadline
            );
            if (!addresses) {
                context.transcript.remark(host.name + ": " + addresses.error().reason());
                progress.note_all(addresses.error());
                continue;
            }
            // RFC 5321 section 5.1: not to ourselves, and to nobody whom we are preferred to.
            if (is_this_server(*addresses)) {
                context.transcript.remark(host.name + " is this server");
                if (&host == &hops.hosts.front()) progress.note_all(circle());
                break;
            }
            co_await try_host(host, *addresses, assessments, job, context, progress);
            if (progress.all_final()) break;
        }
        co_return progress.outcome();
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

    awaitable<void> try_host(
        const MxHost& host, const std::vector<net::IpAddress>& addresses,
        const Assessments& assessments, const DeliveryJob& job, delivery::AttemptContext& context,
        Progress& progress
    ) {
        const DeliveryJob rest = progress.remaining();
        HostPlan plan;
        plan.host = host.name;
        plan.addresses = addresses;
        plan.port = settings_.port;
        plan.resting = &resting_;
        plan.session.ehlo_name =
            settings_.smtp.ehlo_name.empty() ? context.ehlo_name : settings_.smtp.ehlo_name;
        plan.session.server_name = host.name.empty() ? addresses.front().to_string() : host.name;
        plan.session.timeouts.connect = settings_.smtp.connect_timeout;
        plan.session.requirement =
            co_await requirement_for(host, assessments, job.message->require_tls, context.deadline);
        const tls::TlsRequirement& requirement = plan.session.requirement;
        plan.session.tls = requirement.must_use_tls && !requirement.ignore_errors
                               ? delivery::TlsMode::required
                               : delivery::TlsMode::opportunistic;
        if (!requirement.forbidden.empty() && !requirement.ignore_errors) {
            progress.note_all(Verdict::deferred(
                Stage::tls, ErrorKind::policy, {4, 7, 30}, requirement.forbidden.front().reason
            ));
            co_return;
        }
        context.gate.reached(Stage::connect);
        HostOutcome outcome = co_await attempt_host(plan, rest, context, *dialer_, pool_);
        for (Verdict& verdict : outcome.verdicts)
            verdict = soften_for_dual_stack(verdict, is_dual_stack(addresses), job.attempt);
        progress.note(outcome);
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
