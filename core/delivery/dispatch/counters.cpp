// SPDX-License-Identifier: Apache-2.0
#include "core/delivery/dispatch/counters.hpp"

#include <mutex>

#include "core/delivery/interface/security_evidence.hpp"

namespace outpost::dispatch {
namespace {

using delivery::ErrorKind;
using delivery::SecurityEvent;
using delivery::Verdict;
using Clear = delivery::RemoteFacts::Clear;

constexpr ErrorKind error_kinds[] = {
    ErrorKind::config,    ErrorKind::dns,       ErrorKind::connect, ErrorKind::timeout,
    ErrorKind::protocol,  ErrorKind::tls,       ErrorKind::auth,    ErrorKind::policy,
    ErrorKind::reply_4xx, ErrorKind::reply_5xx, ErrorKind::local,   ErrorKind::crash
};

/// Our own refusal because REQUIRETLS could not be kept, of a transport that has no evidence.
const SecurityEvent* requiretls_event(const Verdict& verdict) {
    const auto status = verdict.status();
    if (verdict.reply() || status.subject != 7 || status.detail != 30) return nullptr;
    return verdict.stage() == delivery::Stage::mail ? &delivery::events::requiretls_unannounced
                                                    : &delivery::events::requiretls_transport;
}

}  // namespace

Counters::Counters(metrics::Registry& registry) : registry_(registry) {
    for (const SecurityEvent* event : delivery::events::all())
        counter_of(*event);
    for (const ErrorKind kind : error_kinds) {
        errors_[kind] = &registry.counter(
            "outpost_delivery_errors_total",
            "Attempts that did not deliver, one for each recipient, by the kind of error",
            {{"kind", std::string(delivery::to_string(kind))}}
        );
    }
    const auto plaintext = [&](Clear why, const char* reason) {
        plaintext_[why] = &registry.counter(
            "outpost_plaintext_deliveries_total",
            "Recipients delivered to hosts in clear, by why there was no TLS", {{"reason", reason}}
        );
    };
    plaintext(Clear::not_wanted, "not_wanted");
    plaintext(Clear::not_offered, "not_offered");
    plaintext(Clear::tls_failed, "fallback");
}

Counters::Outcomes Counters::of_transport(const std::string& name) {
    {
        const std::shared_lock lock(mutex_);
        const auto found = by_transport_.find(name);
        if (found != by_transport_.end()) return found->second;
    }
    const auto counter = [&](const char* outcome) {
        return &registry_.counter(
            "outpost_deliveries_total", "Delivery attempts, one for each recipient",
            {{"transport", name}, {"outcome", outcome}}
        );
    };
    const Outcomes fresh{
        counter("delivered"), counter("deferred"), counter("failed"), counter("held")
    };
    const std::unique_lock lock(mutex_);
    return by_transport_.emplace(name, fresh).first->second;
}

void Counters::count(std::span<const queue::Settled> settled) {
    if (settled.empty()) return;
    const Outcomes outcomes = of_transport(settled.front().transport);
    for (const queue::Settled& one : settled) {
        const Verdict& verdict = one.verdict;
        if (one.state == queue::RecipientState::held) {
            outcomes[held]->add();
        } else if (verdict.kind() == Verdict::Kind::delivered) {
            outcomes[delivered]->add();
        } else {
            outcomes[verdict.kind() == Verdict::Kind::failed ? failed : deferred]->add();
        }
        if (verdict.kind() != Verdict::Kind::delivered)
            count_error(verdict.error_kind());
        else if (verdict.remote)
            count_plaintext(*verdict.remote);
    }
}

void Counters::count_error(ErrorKind kind) {
    const auto found = errors_.find(kind);
    if (found != errors_.end()) found->second->add();
}

// A unix socket has no IP address, and nothing on it can be overheard.
void Counters::count_plaintext(const delivery::RemoteFacts& remote) {
    if (remote.tls_version.empty() && !remote.ip.empty()) plaintext_.at(remote.clear)->add();
}

void Counters::count(const delivery::DeliveryOutcome& outcome) {
    if (outcome.evidence) {
        for (const SecurityEvent* event : outcome.evidence->events)
            count(*event);
    } else if (!outcome.verdicts.empty()) {
        if (const auto event = requiretls_event(outcome.verdicts.front())) count(*event);
    }
}

void Counters::count(const SecurityEvent& event) {
    counter_of(event).add();
}

metrics::Counter& Counters::counter_of(const SecurityEvent& event) {
    {
        const std::shared_lock lock(mutex_);
        const auto found = events_.find(&event);
        if (found != events_.end()) return *found->second;
    }
    auto& counter = registry_.counter(event.metric, event.help, {{event.label, event.value}});
    const std::unique_lock lock(mutex_);
    return *events_.emplace(&event, &counter).first->second;
}

}  // namespace outpost::dispatch
