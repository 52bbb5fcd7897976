// SPDX-License-Identifier: Apache-2.0
#include "core/tls_reports/results/ability_news.hpp"

namespace outpost::tls_results {

bool AbilityNews::is_news(const Learned& learned) {
    const auto& seen = learned.evidence->abilities;
    if (seen == delivery::DomainAbilities{}) return false;
    if (told_.size() >= most_) told_.clear();
    const auto [found, first] = told_.try_emplace({learned.account, learned.evidence->domain});
    Abilities& told = found->second;
    const auto now_known = updated(told.abilities, seen);
    if (!first && now_known == told.abilities && learned.at < told.at + interval) return false;
    told = {now_known, learned.at};
    return true;
}

}  // namespace outpost::tls_results
