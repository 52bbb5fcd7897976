// SPDX-License-Identifier: Apache-2.0
#include "core/net/dns/cache.hpp"

#include "core/net/dns/wire.hpp"

namespace outpost::dns {

std::string key_of(const Question& question) {
    return std::to_string(static_cast<unsigned>(question.type)) + " " + canonical(question.name);
}

std::optional<Cache::Outcome> Cache::find(const Question& question, SteadyTime now) {
    auto found = outcomes_.find(key_of(question), now);
    if (!found) return std::nullopt;
    if (found->value)
        found->value->ttl = std::chrono::ceil<std::chrono::seconds>(found->expires - now);
    return std::move(found->value);
}

void Cache::store(
    const Question& question, Outcome outcome, std::chrono::seconds keep, SteadyTime now
) {
    outcomes_.store(key_of(question), std::move(outcome), keep, now);
}

}  // namespace outpost::dns
