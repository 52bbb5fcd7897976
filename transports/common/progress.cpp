// SPDX-License-Identifier: Apache-2.0
#include "transports/common/progress.hpp"

#include <algorithm>

namespace outpost::transports {

using delivery::ErrorKind;
using delivery::Verdict;

bool is_final(const Verdict& verdict) noexcept {
    switch (verdict.kind()) {
        case Verdict::Kind::delivered: return true;
        case Verdict::Kind::failed: return verdict.error_kind() != ErrorKind::policy;
        case Verdict::Kind::deferred: return verdict.stage() == delivery::Stage::final_dot || verdict.error_kind() == ErrorKind::local;
    }
    return true;
}

bool Progress::all_final() const noexcept {
    return std::all_of(final_.begin(), final_.end(), [](bool one) { return one; });
}

delivery::DeliveryJob Progress::remaining() const {
    delivery::DeliveryJob rest = job_;
    rest.recipients.clear();
    for (std::size_t i = 0; i < final_.size(); ++i) {
        if (!final_[i]) rest.recipients.push_back(job_.recipients[i]);
    }
    return rest;
}

void Progress::note(const HostOutcome& outcome) {
    connected_ = connected_ || outcome.connected;
    std::size_t next = 0;
    for (std::size_t i = 0; i < final_.size(); ++i) {
        if (final_[i]) continue;
        const Verdict& verdict = outcome.verdicts[next++];
        // "Cannot connect" to the last host says less than what an earlier host answered.
        const bool says_more = outcome.connected || !verdicts_[i] || !verdicts_[i]->reply();
        if (says_more) verdicts_[i] = verdict;
        final_[i] = is_final(verdict);
    }
}

void Progress::note_all(const Verdict& verdict) {
    for (std::size_t i = 0; i < final_.size(); ++i) {
        if (!final_[i] && (!verdicts_[i] || !verdicts_[i]->reply())) verdicts_[i] = verdict;
    }
}

delivery::DeliveryOutcome Progress::outcome() const {
    delivery::DeliveryOutcome outcome;
    for (const auto& verdict : verdicts_) outcome.verdicts.push_back(*verdict);
    outcome.unreachable = !connected_;
    return outcome;
}

}  // namespace outpost::transports
