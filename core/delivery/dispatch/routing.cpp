// SPDX-License-Identifier: Apache-2.0
#include "core/delivery/dispatch/routing.hpp"

#include <algorithm>
#include <utility>

#include "core/mail/message/header.hpp"

namespace outpost::dispatch {
namespace {

route::RouteLists lists_of(const Snapshot& snapshot, const queue::Claimed& claim) {
    const auto& message = *claim.envelope;
    return snapshot.lists_for(message.account, message.mail_from.domain());
}

route::Facts facts_of(
    const queue::Claimed& claim, const std::optional<std::vector<std::string>>& mx_hosts
) {
    const auto& message = *claim.envelope;
    route::Facts facts;
    facts.account = message.account;
    facts.sender = message.mail_from;
    facts.recipient = claim.recipient.address;
    facts.attempts = claim.attempts - 1;
    facts.last_error = claim.last_error;
    facts.last_status = claim.last_status;
    facts.size = message.body.size();
    facts.tag = message.tag;
    facts.mx_hosts = mx_hosts;
    if (message.body.held()) {
        facts.header = [content = message.body.held()](std::string_view name
                       ) -> std::optional<std::string> {
            const auto field = mail::find_field(content->header(), name);
            return field ? std::optional(field->value()) : std::nullopt;
        };
    }
    return facts;
}

}  // namespace

Needs needs_of(const Snapshot& snapshot, const queue::Claimed& claim) {
    if (!claim.transport_override.empty()) return {};
    const auto lists = lists_of(snapshot, claim);
    return {
        route::needs_mx(lists) && !claim.recipient.address.domain().empty(),
        route::needs_header(lists) && !claim.envelope->body.held()
    };
}

std::shared_ptr<const route::Decision> decide(
    const Snapshot& snapshot, const queue::Claimed& claim,
    const std::optional<std::vector<std::string>>& mx_hosts
) {
    if (!claim.transport_override.empty()) {
        route::Decision decision;
        decision.list = route::List::override_;
        decision.transports = {claim.transport_override};
        return std::make_shared<const route::Decision>(std::move(decision));
    }
    const auto facts = facts_of(claim, mx_hosts);
    return std::make_shared<const route::Decision>(route::decide(lists_of(snapshot, claim), facts));
}

awaitable<std::optional<std::vector<std::string>>> look_up_mx(
    dns::Resolver& resolver, const dns::Domain& domain, Deadline deadline
) {
    dns::Question question{domain.ascii(), dns::Type::mx};
    const auto answer = co_await resolver.query(std::move(question), deadline);
    if (!answer) co_return std::nullopt;
    std::vector<std::string> hosts;
    for (const auto& record : answer->records) {
        if (!record.text.empty()) hosts.push_back(record.text);  // "" is a null MX
    }
    if (answer->records.empty() && !answer->nxdomain) hosts.push_back(domain.ascii());
    co_return hosts;
}

}  // namespace outpost::dispatch
