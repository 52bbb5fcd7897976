// SPDX-License-Identifier: Apache-2.0
#include "core/delivery/dispatch/attempt_log.hpp"

#include <fmt/format.h>

#include <chrono>
#include <string>

#include "core/foundation/base/log.hpp"

namespace outpost::dispatch {
namespace {

std::string remote_of(const delivery::Verdict& verdict) {
    if (!verdict.remote) return "-";
    const auto& remote = *verdict.remote;
    auto out = fmt::format("{}[{}]:{}", remote.host, remote.ip, remote.port);
    if (!remote.tls_version.empty()) {
        out += fmt::format(
            " tls={}/{}{}", remote.tls_version, remote.tls_cipher,
            remote.tls_verified ? "/verified" : ""
        );
    }
    return out;
}

std::string outcome_of(const queue::Settled& settled) {
    std::string out(queue::to_string(settled.state));
    if (settled.uncertain) out += " (uncertain)";
    return out;
}

}  // namespace

void log_attempt(const queue::Claimed& claim, const queue::Settled& settled) {
    const auto& verdict = settled.verdict;
    const auto seconds = std::chrono::duration<double>(settled.duration).count();
    const auto id = to_number(claim.key.message);
    log::info(
        "delivery",
        "message={} to=<{}> attempt={} transport={} remote={} stage={} status={} took={:.3f}s {}: "
        "{}",
        id, claim.recipient.address.unicode(), settled.attempt, settled.transport,
        remote_of(verdict), delivery::to_string(verdict.stage()), verdict.status().text(), seconds,
        outcome_of(settled), verdict.words()
    );
    if (verdict.error_kind() == delivery::ErrorKind::auth) {
        log::error(
            "delivery", "transport {} cannot authenticate: its mail waits until that is mended: {}",
            settled.transport, verdict.words()
        );
    }
    if (settled.state == queue::RecipientState::failed && claim.envelope->mail_from.is_null()) {
        log::warning(
            "delivery", "message={} is a report that could not be delivered (double bounce)", id
        );
    }
}

}  // namespace outpost::dispatch
