// SPDX-License-Identifier: Apache-2.0
#include "core/server/node/reception.hpp"

#include <utility>

#include "core/server/node/mailboxes.hpp"
#include "core/server/node/public_site.hpp"

namespace outpost::server {
namespace {

constexpr std::size_t judging_threads = 2;

}  // namespace

Reception::Reception(
    EventLoops& loops, const Stores& stores, std::shared_ptr<dns::Resolver> resolver,
    metrics::Registry& metrics, std::function<bool()> store_is_up
)
    : bounces_(stores.bounces),
      store_is_up_(std::move(store_is_up)),
      resolver_(std::move(resolver)),
      reports_(stores.received_reports, metrics),
      judging_(judging_threads),
      web_(loops) {}

Reception::Plan Reception::plan(const Settings& settings) {
    Plan plan;
    plan.mailboxes = make_mailboxes(settings, bounces_, reports_);
    if (!settings.https) return plan;
    const auto& certificate = settings.https->certificate;
    if (!certificate.certificate.empty())
        plan.tls = tls::make_server_context(certificate, tls::Service::https);
    plan.site = std::make_shared<PublicSite>(settings, reports_);
    return plan;
}

submission::Listeners::MakeReceiver Reception::receivers(const Plan& plan) {
    return [this, mailboxes = plan.mailboxes](submission::Entrance entrance) {
        inbound::ReceivingPolicy::Parts parts{
            std::move(entrance), mailboxes, resolver_, &judging_, store_is_up_
        };
        return std::make_shared<inbound::ReceivingPolicy>(std::move(parts));
    };
}

void Reception::start(const Settings& settings, const Plan& plan) {
    if (!plan.site) return;
    serve(plan);
    for (const auto& at : settings.https->listen)
        web_.start(at);
}

void Reception::serve(const Plan& plan) {
    if (plan.site) web_.serve(plan.site, plan.tls);
}

}  // namespace outpost::server
