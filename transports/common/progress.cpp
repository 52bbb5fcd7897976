// SPDX-License-Identifier: Apache-2.0
#include "transports/common/progress.hpp"

#include <algorithm>

namespace outpost::transports {

using delivery::ErrorKind;
using delivery::Verdict;

namespace {

Verdict hardened(const Verdict& verdict) {
    smtp::EnhancedStatus status = verdict.status();
    status.klass = 5;
    Verdict hard = Verdict::failed(verdict.stage(), verdict.error_kind(), status, verdict.reason());
    hard.remote = verdict.remote;
    return hard;
}

}  // namespace

bool is_host_limit(const Verdict& verdict) noexcept {
    const bool ours = verdict.error_kind() == ErrorKind::policy && !verdict.reply();
    const smtp::EnhancedStatus requiretls{4, 7, 30};
    return ours && (verdict.kind() == Verdict::Kind::failed || verdict.status() == requiretls);
}

bool is_final(const Verdict& verdict) noexcept {
    switch (verdict.kind()) {
        case Verdict::Kind::delivered:
            return true;
        case Verdict::Kind::failed:
            return verdict.error_kind() != ErrorKind::policy;
        case Verdict::Kind::deferred:
            return verdict.stage() == delivery::Stage::final_dot ||
                   verdict.error_kind() == ErrorKind::local;
    }
    return true;
}

bool Progress::all_final() const noexcept {
    return std::all_of(final_.begin(), final_.end(), [](bool one) { return one; });
}

std::unique_ptr<const delivery::DeliveryJob> Progress::fewer() const {
    const bool all = std::none_of(final_.begin(), final_.end(), [](bool one) { return one; });
    if (all) return nullptr;
    auto rest = std::make_unique<delivery::DeliveryJob>(job_);
    rest->recipients.clear();
    for (std::size_t i = 0; i < final_.size(); ++i) {
        if (!final_[i]) rest->recipients.push_back(job_.recipients[i]);
    }
    return rest;
}

void Progress::note(const HostOutcome& outcome) {
    connected_ = connected_ || outcome.connected;
    std::size_t next = 0;
    for (std::size_t i = 0; i < final_.size(); ++i) {
        if (!final_[i]) settle(i, outcome.verdicts[next++], outcome.connected);
    }
}

void Progress::note_all(const Verdict& verdict) {
    for (std::size_t i = 0; i < final_.size(); ++i) {
        if (!final_[i]) settle(i, verdict, false);
    }
}

// "Cannot connect" to the last host says less than what an earlier host answered.
void Progress::settle(std::size_t index, const Verdict& verdict, bool says_more) {
    auto& mine = verdicts_[index];
    if (says_more || !mine || !mine->reply()) mine = verdict;
    final_[index] = says_more && is_final(verdict);
    only_limits_[index] = only_limits_[index] && is_host_limit(verdict);
}

delivery::DeliveryOutcome Progress::outcome() const {
    delivery::DeliveryOutcome outcome;
    bool any_failed = false;
    for (std::size_t i = 0; i < verdicts_.size(); ++i) {
        Verdict verdict = *verdicts_[i];
        if (!final_[i] && is_host_limit(verdict))
            verdict = only_limits_[i] ? hardened(verdict) : verdict.softened();
        any_failed = any_failed || verdict.kind() == Verdict::Kind::failed;
        outcome.verdicts.push_back(std::move(verdict));
    }
    outcome.unreachable = !connected_ && !any_failed;
    return outcome;
}

}  // namespace outpost::transports
