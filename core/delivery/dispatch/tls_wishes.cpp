// SPDX-License-Identifier: Apache-2.0
#include "core/delivery/dispatch/tls_wishes.hpp"

namespace outpost::dispatch {
namespace {

/// More than a claim, and the look-ups that routing may need after it, can take.
constexpr std::chrono::minutes memory{2};

}  // namespace

void TlsWishes::note(const queue::TlsChange& change, SteadyTime now) {
    wishes_[change.message] = {change.wish, now};
}

void TlsWishes::put_on(DeliveryRequest& request) const {
    const auto& first = request.claims.front();
    const auto found = wishes_.find(first.key.message);
    if (found == wishes_.end() || found->second.wish == first.envelope->tls_wish) return;
    auto changed = std::make_shared<delivery::Message>(*first.envelope);
    changed->tls_wish = found->second.wish;
    for (auto& claim : request.claims)
        claim.envelope = changed;
}

void TlsWishes::sweep(SteadyTime now) {
    std::erase_if(wishes_, [&](const auto& entry) { return now - entry.second.since > memory; });
}

}  // namespace outpost::dispatch
